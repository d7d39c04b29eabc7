//! Shows a definition and a reference search on the folder that is served, then how editors attach.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::client::Client;
use crate::steps;

/// Kinds of symbols that are worth looking for: class, method, function.
const SHOWN_KINDS: [u64; 3] = [5, 6, 12];

/// Asks for the uses of some function or class of the folder, and for the definition behind one of them.
pub(crate) fn demonstrate(address: &str, folder: &Path) -> Result<()> {
    let progress = Rc::new(RefCell::new(Vec::new()));
    let told = Rc::clone(&progress);
    let mut client = Client::connect(address, Box::new(move |value| tell(&mut told.borrow_mut(), value)))?;
    let uri = uri_of(folder);
    let capabilities = json!({ "window": { "workDoneProgress": true }, "workspace": { "symbol": {} } });
    client.ask(
        "initialize",
        &json!({
            "processId": null, "rootUri": uri, "capabilities": capabilities,
            "workspaceFolders": [{ "uri": uri, "name": "demonstration" }],
        }),
    )?;
    client.notify("initialized", &json!({}))?;
    // The answer comes when the folder is indexed.
    let symbols = client.ask("workspace/symbol", &json!({ "query": "" }))?;
    steps::say(&format!("{:60}", ""));
    let symbols = symbols.as_array().context("symbols are a list")?;
    let mut shown = false;
    for symbol in
        symbols.iter().filter(|symbol| symbol["kind"].as_u64().is_some_and(|kind| SHOWN_KINDS.contains(&kind)))
    {
        if show_symbol(&mut client, symbol, folder)? {
            shown = true;
            break;
        }
    }
    if !shown {
        steps::say("No function or class of this folder is used anywhere: nothing to show.");
    }
    client.ask("shutdown", &Value::Null)?;
    client.notify("exit", &Value::Null)
}

/// Shows the uses of a symbol, if it has any beside its definition.
fn show_symbol(client: &mut Client, symbol: &Value, folder: &Path) -> Result<bool> {
    let place = &symbol["location"];
    let (uri, start) = (&place["uri"], &place["range"]["start"]);
    open(client, uri)?;
    let began = Instant::now();
    let context = json!({ "includeDeclaration": true });
    let asked = json!({ "textDocument": { "uri": uri }, "position": start, "context": context });
    let references = client.ask("textDocument/references", &asked)?;
    let took = began.elapsed();
    let references = references.as_array().cloned().unwrap_or_default();
    let Some(used) = references.iter().find(|found| found["uri"] != *uri || found["range"]["start"] != *start) else {
        return Ok(false);
    };
    steps::say(&format!("references of {}: {} in {took:.1?}", symbol["name"], references.len()));
    for found in references.iter().take(8) {
        steps::say(&format!("  {}", shown(&found["uri"], &found["range"]["start"], folder)));
    }
    open(client, &used["uri"])?;
    let began = Instant::now();
    let asked = json!({ "textDocument": { "uri": used["uri"] }, "position": used["range"]["start"] });
    let definition = client.ask("textDocument/definition", &asked)?;
    let first = definition.as_array().and_then(|found| found.first()).unwrap_or(&definition);
    steps::say(&format!(
        "definition of {} at {}: {} in {:.1?}",
        symbol["name"],
        shown(&used["uri"], &used["range"]["start"], folder),
        shown(&first["uri"], &first["range"]["start"], folder),
        began.elapsed(),
    ));
    Ok(true)
}

fn open(client: &mut Client, uri: &Value) -> Result<()> {
    let path = uri.as_str().and_then(|uri| uri.strip_prefix("file://")).context("a file's address")?;
    let text = fs::read_to_string(decoded(path)).context("a file that the server named")?;
    let document = json!({ "uri": uri, "languageId": "python", "version": 1, "text": text });
    client.notify("textDocument/didOpen", &json!({ "textDocument": document }))
}

fn tell(last: &mut Vec<u64>, value: &Value) {
    let percentage = value["percentage"].as_u64().unwrap_or(0);
    if last.last() != Some(&percentage) {
        last.push(percentage);
        let filled = usize::try_from(percentage).unwrap_or(0).min(100) * 30 / 100;
        let message = value["message"].as_str().or_else(|| value["title"].as_str()).unwrap_or_default();
        steps::say_in_place(&format!("[{:<30}] {percentage:>3} %  {message:20}", "#".repeat(filled)));
    }
}

/// Prints how editors attach.
pub(crate) fn how_to_attach(binary: &Path, folder: &Path, address: &str) {
    let (binary, folder) = (binary.display(), folder.display());
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    steps::say(&format!(
        r#"
A gateway listens on tcp://{address}, with three nodes behind it. Any client that speaks the protocol over TCP can attach. Without a
cluster editors start a server themselves, and a second one on the same folder shares the first one's node:

Neovim    vim.lsp.start({{ name = 'vraftls', cmd = {{ '{binary}', 'lsp' }}, root_dir = vim.fn.getcwd() }})
          or, to this server: cmd = vim.lsp.rpc.connect('{host}', {port})
VS Code   cargo xtask vsix; code --install-extension target/vraftls.vsix; and in its settings
          "vraftls.server.path": "{binary}", or "vraftls.server.address": "tcp://{address}"
Helix     languages.toml:  [language-server.vraftls]  command = "{binary}"  args = ["lsp"]
                           [[language]]  name = "python"  language-servers = ["vraftls"]
More      gateway/editors/README.md

The folder: {folder}"#
    ));
}

fn shown(uri: &Value, start: &Value, folder: &Path) -> String {
    let path = decoded(uri.as_str().unwrap_or_default().trim_start_matches("file://"));
    let inner = Path::new(&path).strip_prefix(folder).map(|inner| inner.display().to_string());
    let number = |key: &str| start[key].as_u64().unwrap_or(0) + 1;
    format!("{}:{}:{}", inner.unwrap_or(path), number("line"), number("character"))
}

fn uri_of(folder: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte);
    let bytes = folder.as_os_str().as_encoded_bytes();
    let encoded =
        bytes.iter().map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") });
    format!("file://{}", encoded.collect::<String>())
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files_go_both_ways() {
        let path = "/a b/ü/100%.py";
        let uri = uri_of(Path::new(path));
        assert_eq!(uri, "file:///a%20b/%C3%BC/100%25.py");
        assert_eq!(decoded(uri.trim_start_matches("file://")), path);
    }
}
