//! Components on their way.

use axum::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use vraftls_node::server::Bounds;
use vraftls_node::server::client::{AskError, Client, Sent};

use super::fake::{Fake, SOON, TOKEN};
use super::support::{Served, refused, rest, status};

async fn push(served: &Served, component: impl Into<Bytes>) -> Result<Value, AskError> {
    let client = Client { token: Some(TOKEN.to_owned()), tls: None };
    client.ask(&served.address(), Method::POST, "/v1/plugins", Sent::Component(component.into()), SOON).await
}

#[tokio::test]
async fn plugins_are_pushed_activated_and_rolled_back() {
    let served = Served::new().await;
    let mut digests = Vec::new();
    for version in ["1.0", "1.1"] {
        let pushed = push(&served, format!("component {version}")).await.unwrap();
        assert_eq!((&pushed["plugin"], &pushed["version"]), (&json!("toy"), &json!(version)));
        assert_eq!(pushed["size_bytes"], json!(13));
        digests.push(pushed["digest"].as_str().unwrap().to_owned());
    }
    let activate = |digest: &str| served.admin(Method::POST, "/v1/plugins/toy/activate", json!({ "digest": digest }));
    let roll_back = || served.admin(Method::POST, "/v1/plugins/toy/rollback", Value::Null);
    assert_eq!(refused(roll_back().await), (409, "nothing_to_roll_back_to".to_owned()));
    assert_eq!(activate(&digests[0]).await.unwrap(), json!({ "active": digests[0] }));
    assert_eq!(activate(&digests[1]).await.unwrap(), json!({ "active": digests[1] }));
    assert_eq!(roll_back().await.unwrap(), json!({ "active": digests[0] }));
    let listed = served.admin(Method::GET, "/v1/plugins", Value::Null).await.unwrap();
    assert_eq!(listed[0]["active"], json!(digests[0]));
    assert_eq!(listed[0]["components"].as_array().unwrap().len(), 2);

    assert_eq!(refused(activate(&"0".repeat(64)).await), (404, "no_such_component".to_owned()));
    assert_eq!(refused(activate("0").await), (400, "malformed".to_owned()));
    served.admin(Method::DELETE, "/v1/plugins/toy", Value::Null).await.unwrap();
    let gone = served.admin(Method::POST, "/v1/plugins/toy/rollback", Value::Null).await;
    assert_eq!(refused(gone), (404, "no_such_plugin".to_owned()));
}

#[tokio::test]
async fn a_bad_component_is_refused_and_changes_nothing() {
    let served = Served::with(Bounds { component_bytes: 1 << 20, ..Bounds::default() }, Fake::new()).await;
    assert_eq!(refused(push(&served, "garbage").await), (422, "unsound_component".to_owned()));
    let most = format!("component 1{}", ".".repeat((1 << 20) - 11));
    push(&served, most).await.unwrap();
    served.admin(Method::DELETE, "/v1/plugins/toy", Value::Null).await.unwrap();

    let head = format!(
        "POST /v1/plugins HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n"
    );
    let typed = format!("{head}Content-Type: application/wasm\r\n");
    let too_large = served.raw(format!("{typed}Content-Length: {}\r\n\r\n", (1 << 20) + 1)).await;
    assert_eq!(status(&too_large), 413);
    let mut stream = served.connect().await;
    let size = (1 << 20) + 1;
    stream.write_all(format!("{typed}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n").as_bytes()).await.unwrap();
    stream.write_all(&vec![b'a'; size]).await.unwrap();
    assert_eq!(status(&rest(&mut stream).await), 413);
    let untyped = format!("{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(status(&served.raw(untyped).await), 415);
    assert_eq!(served.admin(Method::GET, "/v1/plugins", Value::Null).await.unwrap(), json!([]));
}
