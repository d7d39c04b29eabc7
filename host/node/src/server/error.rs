//! Refusals: a status, a word for programs and a sentence for people.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use vraftls_meta::Refusal;

use super::UploadError;
use super::admin::{ChangeError, PushError};

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Shown<'a> {
    error: &'a str,
    message: &'a str,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    pub(super) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(super) fn too_large(bytes_max: usize) -> Self {
        let message = format!("at most {bytes_max} bytes may be sent here");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    pub(super) fn unavailable(code: &'static str, message: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message) }
    }

    /// The node does less than was asked of it at the moment.
    pub(super) fn busy(what: &str) -> Self {
        Self::unavailable("busy", format!("there are too many {what} at the moment"), Duration::from_secs(1))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = json(&Shown { error: self.code, message: &self.message });
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.retry_after {
            // Whole seconds are all that the header can say, and none would mean at once.
            headers
                .insert(header::RETRY_AFTER, after.as_secs_f64().ceil().max(1.0).to_string().parse().expect("digits"));
        }
        response
    }
}

/// A value as the body of a response.
pub(super) fn json(value: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(value).expect("values that are shown have texts as keys");
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        let message = error.to_string();
        match error {
            ChangeError::Refused(refusal) => refused(&refusal),
            ChangeError::NoLeader { retry_after, .. } => Self::unavailable("no_leader", message, retry_after),
            ChangeError::Busy { retry_after } => Self::unavailable("busy", message, retry_after),
            ChangeError::Impossible { .. } => Self::new(StatusCode::CONFLICT, "impossible", message),
            ChangeError::Unknown { .. } => Self::new(StatusCode::GATEWAY_TIMEOUT, "outcome_unknown", message),
            ChangeError::Stopping => Self::unavailable("stopping", message, Duration::from_secs(1)),
        }
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::TooLarge { bytes_max } => Self::too_large(bytes_max),
            UploadError::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", error.to_string()),
            UploadError::Broken(_) => Self::malformed(error.to_string()),
        }
    }
}

impl From<PushError> for ApiError {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Upload(error) => error.into(),
            PushError::Unsound { why } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unsound_component", why),
            PushError::NotDurable { .. } => Self::unavailable("not_durable", error.to_string(), Duration::from_secs(1)),
            PushError::Change(error) => error.into(),
        }
    }
}

/// What the metadata does not allow. A word here stays for ever: programs tell refusals apart by it.
fn refused(refusal: &Refusal) -> ApiError {
    const CONFLICT: StatusCode = StatusCode::CONFLICT;
    const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;
    let (status, code) = match refusal {
        Refusal::NoSuchSession { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Refusal::AnswerForgotten { .. } => (StatusCode::GATEWAY_TIMEOUT, "outcome_unknown"),
        Refusal::NoCluster => (StatusCode::SERVICE_UNAVAILABLE, "no_cluster"),
        Refusal::ClusterExists { .. } => (CONFLICT, "cluster_exists"),
        Refusal::OutOfBounds { .. } => (StatusCode::BAD_REQUEST, "out_of_bounds"),
        Refusal::NoSuchNode { .. } => (NOT_FOUND, "no_such_node"),
        Refusal::NodeIdTaken { .. } => (CONFLICT, "node_id_taken"),
        Refusal::IncarnationRetired => (CONFLICT, "incarnation_retired"),
        Refusal::OtherNode { .. } => (CONFLICT, "other_node"),
        Refusal::AddressTaken { .. } => (CONFLICT, "address_taken"),
        Refusal::NodeInUse { .. } => (CONFLICT, "node_in_use"),
        Refusal::TooMany { .. } => (CONFLICT, "too_many"),
        Refusal::NoSuchGroup { .. } => (NOT_FOUND, "no_such_group"),
        Refusal::WrongEpoch { .. } => (CONFLICT, "wrong_epoch"),
        Refusal::MoveUnderWay { .. } => (CONFLICT, "move_under_way"),
        Refusal::NoSuchMove { .. } => (NOT_FOUND, "no_such_move"),
        Refusal::WrongStep { .. } => (CONFLICT, "wrong_step"),
        Refusal::SenselessMove { .. } => (CONFLICT, "senseless_move"),
        Refusal::WorkspaceExists { .. } => (CONFLICT, "workspace_exists"),
        Refusal::NoSuchWorkspace { .. } => (NOT_FOUND, "no_such_workspace"),
        Refusal::NoSuchPlugin { .. } => (NOT_FOUND, "no_such_plugin"),
        Refusal::NoSuchComponent { .. } => (NOT_FOUND, "no_such_component"),
        Refusal::OtherComponentActive { .. } => (CONFLICT, "other_component_active"),
        Refusal::NothingToRollBackTo => (CONFLICT, "nothing_to_roll_back_to"),
        Refusal::NoSuchToken { .. } => (NOT_FOUND, "no_such_token"),
        Refusal::TokenExists { .. } => (CONFLICT, "token_exists"),
        Refusal::LastToken => (CONFLICT, "last_token"),
        Refusal::FewerReplicas { .. } => (CONFLICT, "fewer_replicas"),
    };
    let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::from_secs(1));
    ApiError { status, code, message: refusal.to_string(), retry_after }
}
