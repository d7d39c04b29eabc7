//! What others send, in bounds: JSON, and components in pieces.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use serde::de::DeserializeOwned;

use super::Bounds;
use super::error::ApiError;

type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Something big that arrives piece by piece, of which no more is taken than there may be.
pub struct Upload {
    pieces: Pieces,
    n_bytes: usize,
    bytes_max: usize,
    patience: Duration,
}

/// Why something did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is larger than it may be.
    #[error("it has more than {bytes_max} bytes")]
    TooLarge {
        /// How large it may be.
        bytes_max: usize,
    },
    /// The next piece did not come in time.
    #[error("nothing came any more")]
    TooSlow,
    /// The connection ended, or was not used as HTTP wants it.
    #[error("it did not arrive: {0}")]
    Broken(#[source] io::Error),
}

impl Upload {
    /// What arrives in `pieces`: at most so many bytes, none of them later than `patience` after those before.
    pub fn new(
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        bytes_max: usize,
        patience: Duration,
    ) -> Self {
        Self { pieces: Box::pin(pieces), n_bytes: 0, bytes_max, patience }
    }

    fn of(body: Body, bytes_max: usize, patience: Duration) -> Self {
        Self::new(body.into_data_stream().map_err(io::Error::other), bytes_max, patience)
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// [`UploadError`]. There is nothing more after that.
    pub async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        let next = poll_fn(|context| self.pieces.as_mut().poll_next(context));
        let piece = tokio::time::timeout(self.patience, next).await.map_err(|_| UploadError::TooSlow)?;
        let Some(piece) = piece.transpose().map_err(UploadError::Broken)? else { return Ok(None) };
        self.n_bytes = self.n_bytes.saturating_add(piece.len());
        if self.n_bytes > self.bytes_max {
            return Err(UploadError::TooLarge { bytes_max: self.bytes_max });
        }
        Ok(Some(piece))
    }

    /// All of it.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn collect(mut self) -> Result<Vec<u8>, UploadError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

/// The JSON that a request has.
pub(super) async fn json<T: DeserializeOwned>(request: Request, bounds: &Bounds) -> Result<T, ApiError> {
    expect_type(&request, &["application/json"])?;
    expect_size(&request, bounds.json_bytes)?;
    let bytes = Upload::of(request.into_body(), bounds.json_bytes, bounds.body_patience).collect().await?;
    serde_json::from_slice(&bytes).map_err(|error| ApiError::malformed(format!("this is not the JSON of it: {error}")))
}

/// The component that a request has.
pub(super) fn component(request: Request, bounds: &Bounds) -> Result<Upload, ApiError> {
    expect_type(&request, &["application/wasm", "application/octet-stream"])?;
    expect_size(&request, bounds.component_bytes)?;
    Ok(Upload::of(request.into_body(), bounds.component_bytes, bounds.body_patience))
}

fn expect_type(request: &Request, expected: &[&str]) -> Result<(), ApiError> {
    let said = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = said.split(';').next().unwrap_or("").trim();
    if expected.iter().any(|expected| kind.eq_ignore_ascii_case(expected)) {
        return Ok(());
    }
    let message = format!("send this as {}", expected.join(" or "));
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", message))
}

/// Refuses what says that it is too large before any of it is read.
fn expect_size(request: &Request, bytes_max: usize) -> Result<(), ApiError> {
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let is_too_large = said.and_then(|said| said.parse::<u64>().ok()).is_some_and(|said| said > bytes_max as u64);
    if is_too_large { Err(ApiError::too_large(bytes_max)) } else { Ok(()) }
}
