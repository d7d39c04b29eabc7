//! Groups on their way into a backup.

use axum::http::Method;
use serde_json::Value;
use vraftls_node::server::Bounds;
use vraftls_node::server::client::{AskError, Client};

use super::fake::{Fake, SOON, TOKEN};
use super::support::{Served, refused};

async fn download(served: &Served, group: u32) -> Result<Result<Vec<u8>, String>, AskError> {
    let client = Client { token: Some(TOKEN.to_owned()), tls: None };
    let download = client.download(&served.address(), &format!("/v1/backup/groups/{group}"), SOON).await?;
    Ok(download.collect().await.map_err(|error| error.to_string()))
}

#[tokio::test]
async fn a_group_comes_whole_or_it_is_seen_that_it_does_not() {
    let served = Served::new().await;
    assert_eq!(download(&served, 1).await.unwrap(), Ok(b"everything".to_vec()));
    let broken = download(&served, 2).await;
    assert!(broken.is_err() || broken.is_ok_and(|came| came.is_err()), "it does not pass for all of it");
    let elsewhere = download(&served, 3).await.map(|_| Value::Null);
    assert_eq!(refused(elsewhere), (409, "impossible".to_owned()));
}

#[tokio::test]
async fn only_admins_get_one() {
    let served = Served::new().await;
    let asked = served.anybody(Method::GET, "/v1/backup/groups/1", Value::Null).await;
    assert_eq!(refused(asked), (401, "unauthorized".to_owned()));
    let asked = served.admin(Method::GET, "/v1/backup/groups/x", Value::Null).await;
    assert_eq!(refused(asked), (400, "malformed".to_owned()));
}

#[tokio::test]
async fn only_so_many_come_at_once() {
    let served = Served::with(Bounds { n_backups: 0, ..Bounds::default() }, Fake::new()).await;
    let asked = served.admin(Method::GET, "/v1/backup/groups/1", Value::Null).await;
    assert_eq!(refused(asked), (503, "busy".to_owned()));
}
