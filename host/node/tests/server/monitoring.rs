//! What monitoring asks.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Value, json};
use vraftls_node::server::report::NotReady;
use vraftls_proto::rpc::ClusterInfo;

use super::fake::{CLUSTER, Fake};
use super::support::{Served, body_of, refused, status};

#[tokio::test]
async fn a_process_that_answers_lives() {
    let served = Served::with(Default::default(), Fake::starting()).await;
    let answer = served.get("/livez").await;
    assert_eq!((status(&answer), body_of(&answer)), (200, "ok\n"));
}

#[tokio::test]
async fn a_node_that_should_get_no_work_says_why() {
    let served = Served::new().await;
    let ready = served.get("/readyz").await;
    assert_eq!((status(&ready), body_of(&ready)), (200, r#"{"ready":true,"reasons":[]}"#));
    *served.fake.not_ready.lock().unwrap() = vec![
        NotReady::Starting,
        NotReady::Draining,
        NotReady::NoLeader { groups: vec![1, 5] },
        NotReady::Disk { why: "full".to_owned() },
    ];
    let not_ready = served.get("/readyz").await;
    assert_eq!(status(&not_ready), 503);
    assert!(not_ready.to_lowercase().contains("retry-after: 1\r\n"), "{not_ready}");
    let reasons: Value = serde_json::from_str(body_of(&not_ready)).unwrap();
    assert_eq!(
        reasons,
        json!({
            "ready": false,
            "reasons": ["starting", "draining", { "no_leader": { "groups": [1, 5] } }, { "disk": { "why": "full" } }]
        })
    );
}

#[tokio::test]
async fn everybody_may_know_who_is_in_the_cluster() {
    let served = Served::new().await;
    served.admin(Method::POST, "/v1/workspaces", json!({ "name": "django" })).await.unwrap();
    let said = served.anybody(Method::GET, "/v1/cluster", Value::Null).await.unwrap();
    let info: ClusterInfo = serde_json::from_value(said.clone()).unwrap();
    assert_eq!(info.cluster, CLUSTER.to_string());
    info.check().unwrap();
    assert_eq!(info.group(1).unwrap().leader, Some(1));
    assert_eq!(info.slots.groups.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&1, &2]));
    assert_eq!(said["nodes"], json!([{ "id": 1, "address": "127.0.0.1:9001", "kind": "full", "draining": false }]));
    assert_eq!(said["groups"][1], json!({ "id": 1, "epoch": 1, "replicas": [1], "leader": 1 }));
    assert_eq!(said["workspaces"], json!([{ "id": 1, "name": "django" }]));

    let starting = Served::with(Default::default(), Fake::starting()).await;
    let refusal = refused(starting.anybody(Method::GET, "/v1/cluster", Value::Null).await);
    assert_eq!(refusal, (503, "starting".to_owned()));
}

/// Reads the text that Prometheus reads, and holds it to the format: rows have types, names and labels are well formed, no row comes twice.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let mut types = BTreeMap::new();
    let mut rows = BTreeMap::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} has two types");
        } else if !line.starts_with("# HELP ") {
            let (row, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = row.split_once('{').map_or((row, ""), |(name, labels)| (name, labels));
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            assert!(labels.is_empty() || labels.ends_with("\"}"), "{line}");
            let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            let has_type = types.contains_key(name) || of_histogram.is_some_and(|name| types[name] == "histogram");
            assert!(has_type, "{line}");
            assert!(rows.insert(row.to_owned(), value.parse().unwrap()).is_none(), "{row} comes twice");
        }
    }
    rows
}

#[tokio::test]
async fn metrics_are_what_prometheus_reads() {
    let served = Served::new().await;
    served.get("/livez").await;
    served.get("/some/thing/made/up").await;
    let answer = served.get("/metrics").await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
    let rows = parsed(body_of(&answer));
    for (row, value) in [
        ("vraftls_ready", 1.0),
        ("vraftls_nodes", 1.0),
        ("vraftls_group_term{group=\"1\"}", 4.0),
        ("vraftls_group_is_leader{group=\"1\"}", 1.0),
        ("vraftls_group_commit_index{group=\"1\"}", 11.0),
        ("vraftls_group_applied_index{group=\"1\"}", 10.0),
        ("vraftls_group_last_log_index{group=\"1\"}", 12.0),
        ("vraftls_group_snapshot_index{group=\"1\"}", 6.0),
        ("vraftls_group_quorum_acked_seconds_ago{group=\"1\"}", 0.25),
        ("vraftls_group_lag_entries{group=\"1\",node=\"2\"}", 3.0),
        ("vraftls_transport_records_total{side=\"answered\",lane=\"control\"}", 0.0),
        ("vraftls_log_entries_total", 7.0),
        ("vraftls_log_sync_seconds_sum", 0.0026),
        ("vraftls_log_sync_seconds_count", 3.0),
        ("vraftls_log_sync_seconds_bucket{le=\"0.000256\"}", 0.0),
        ("vraftls_log_sync_seconds_bucket{le=\"0.000512\"}", 2.0),
        ("vraftls_log_sync_seconds_bucket{le=\"+Inf\"}", 3.0),
        ("vraftls_cache_hits_total{what=\"facts\",tier=\"memory\"}", 0.0),
        ("vraftls_plugin_traps_total", 5.0),
        ("vraftls_http_requests_total{method=\"GET\",route=\"/livez\",status=\"200\"}", 1.0),
        ("vraftls_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}", 1.0),
    ] {
        assert_eq!(rows.get(row), Some(&value), "{row} in {rows:#?}");
    }
    assert!(!rows.contains_key("vraftls_group_purged_index{group=\"1\"}"), "what is not known has no row");
}
