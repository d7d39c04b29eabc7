//! One node, several processes: the first one on a data directory holds the node, later ones pass their session on to it.
//!
//! What passes through is the editor's byte stream as it is. To know which folder it is about, the first message is read, and then
//! given to whoever serves.

pub(crate) mod command;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The header of the first message is not longer.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// Nor its body: `initialize` of the largest clients has some tens of kilobytes.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The longest path of a socket that every system takes.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// The first message of a session, read but not taken away.
#[derive(Debug, Default)]
pub(crate) struct FirstMessage {
    /// All bytes read so far, to be given to whoever serves.
    pub(crate) bytes: Vec<u8>,
    /// The message, if it was whole and JSON.
    pub(crate) message: Option<Value>,
}

/// Reads the first message. One that is too large, cut short or garbage is none: whoever serves will say what is wrong with it.
pub(crate) async fn read_first_message(input: &mut (impl AsyncRead + Unpin)) -> io::Result<FirstMessage> {
    let mut bytes = Vec::new();
    let header_end = loop {
        if let Some(at) = find(&bytes, b"\r\n\r\n") {
            break at + 4;
        }
        if bytes.len() > HEADER_BYTES_MAX || input.read_buf(&mut bytes).await? == 0 {
            return Ok(FirstMessage { bytes, ..FirstMessage::default() });
        }
    };
    let Some(length) = content_length(&bytes[..header_end]).filter(|&length| length <= BODY_BYTES_MAX) else {
        return Ok(FirstMessage { bytes, ..FirstMessage::default() });
    };
    while bytes.len() < header_end + length {
        if input.read_buf(&mut bytes).await? == 0 {
            return Ok(FirstMessage { bytes, ..FirstMessage::default() });
        }
    }
    let message = serde_json::from_slice(&bytes[header_end..header_end + length]).ok();
    Ok(FirstMessage { bytes, message })
}

/// Where `needle` begins in `bytes`.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// What a header says of its content's length, in bytes.
pub(crate) fn content_length(header: &[u8]) -> Option<usize> {
    let header = std::str::from_utf8(header).ok()?;
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    header.lines().find_map(value)
}

/// The folder that an `initialize` is about.
pub(crate) fn folder_of(initialize: &Value) -> Option<PathBuf> {
    let params = initialize.get("params")?;
    let uri = |value: &Value| value.as_str().and_then(vraftls_gateway::path_of_uri);
    let first_folder =
        params.get("workspaceFolders").and_then(|folders| folders.get(0)).and_then(|folder| folder.get("uri"));
    first_folder
        .and_then(uri)
        .or_else(|| params.get("rootUri").and_then(uri))
        .or_else(|| params.get("rootPath").and_then(Value::as_str).map(PathBuf::from))
}

/// A path for the socket of a data directory that every system takes: inside it if that is short enough.
pub(crate) fn socket_path(inside: PathBuf, identity: &str) -> PathBuf {
    if inside.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return inside;
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    runtime.join(format!("vraftls-{identity}.sock"))
}

/// A connection to the process behind a socket.
#[cfg(unix)]
pub(crate) type NodeStream = tokio::net::UnixStream;

/// There are none.
#[cfg(not(unix))]
pub(crate) type NodeStream = tokio::io::DuplexStream;

/// Connects to the process that announced a socket. It may be gone by now.
#[cfg(unix)]
pub(crate) async fn connect(socket: &Path) -> anyhow::Result<NodeStream> {
    let stream = NodeStream::connect(socket).await;
    stream.with_context(|| format!("cannot reach the node at {}", socket.display()))
}

/// There is no socket that another process could have announced.
#[cfg(not(unix))]
pub(crate) async fn connect(_: &Path) -> anyhow::Result<NodeStream> {
    anyhow::bail!("nodes of other processes are reached only on Unix")
}

/// Passes a session on to the node behind a connection, until either side ends it.
pub(crate) async fn pass_on(
    stream: impl AsyncRead + tokio::io::AsyncWrite,
    first: &FirstMessage,
) -> anyhow::Result<()> {
    use tokio::io::AsyncWriteExt;

    let (mut from_node, mut to_node) = tokio::io::split(stream);
    to_node.write_all(&first.bytes).await?;
    let (mut input, mut output) = (tokio::io::stdin(), tokio::io::stdout());
    let editor_to_node = async {
        tokio::io::copy(&mut input, &mut to_node).await?;
        to_node.shutdown().await
    };
    let node_to_editor = async {
        tokio::io::copy(&mut from_node, &mut output).await?;
        output.flush().await
    };
    tokio::pin!(editor_to_node, node_to_editor);
    tokio::select! {
        // The node ended the session: nothing more comes.
        ended = &mut node_to_editor => ended?,
        // The editor said its last word: the node may still answer.
        ended = &mut editor_to_node => {
            ended?;
            node_to_editor.await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> Vec<u8> {
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[tokio::test]
    async fn reads_the_first_message_and_keeps_every_byte() {
        let mut bytes = framed(r#"{"id":1,"method":"initialize","params":{"rootUri":"file:///a%20b"}}"#);
        bytes.extend(b"rest");
        let first = read_first_message(&mut bytes.as_slice()).await.expect("no disk is involved");
        assert_eq!(first.bytes, bytes);
        assert_eq!(folder_of(&first.message.expect("it is whole")), Some("/a b".into()));
    }

    #[tokio::test]
    async fn garbage_is_no_message_and_is_passed_on() {
        for garbage in
            [&b""[..], b"hello", b"Content-Length: 5\r\n\r\n{}", b"Content-Length: 99999999999\r\n\r\n", b"\r\n\r\n"]
        {
            let first = read_first_message(&mut &*garbage).await.expect("no disk is involved");
            assert_eq!((first.bytes.as_slice(), first.message), (garbage, None));
        }
    }

    #[test]
    fn a_folder_is_found_in_every_form_of_initialize() {
        let folder = |text: &str| folder_of(&serde_json::from_str(text).expect("JSON"));
        assert_eq!(
            folder(r#"{"params":{"workspaceFolders":[{"uri":"file:///w"}],"rootUri":"file:///r"}}"#),
            Some("/w".into())
        );
        assert_eq!(folder(r#"{"params":{"workspaceFolders":null,"rootUri":"file:///r"}}"#), Some("/r".into()));
        assert_eq!(folder(r#"{"params":{"rootUri":null,"rootPath":"/p"}}"#), Some("/p".into()));
        assert_eq!(folder(r#"{"params":{"rootUri":"untitled:x"}}"#), None);
    }
}
