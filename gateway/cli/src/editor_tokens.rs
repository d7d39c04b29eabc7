//! Tokens that let editors in at a gateway: drawn here, shown once, kept as hashes in a file.
//!
//! A line of the file is a name and a hash; what is behind `#` says nothing. A gateway reads it when it starts. These are no tokens of a
//! cluster: who has one may ask about sources, and nothing else.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use vraftls_meta::TokenHash;
use vraftls_node::server::{draw_token, keep_secret};

use crate::exit::Exit;

/// How many bytes the file may have.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The tokens of a file.
pub(crate) struct EditorTokens(Vec<(String, TokenHash)>);

impl EditorTokens {
    /// Whether a token is one of them. Takes as long for every token of its length.
    pub(crate) fn knows(&self, token: &str) -> bool {
        // All are looked at, so that the time tells nothing.
        let known = self.0.iter().fold(
            None,
            |known, (name, hash)| {
                if hash.matches(token.as_bytes()) { Some(name) } else { known }
            },
        );
        if let Some(name) = known {
            tracing::info!(token = %name, "an editor shows its token");
        }
        known.is_some()
    }
}

/// Reads a file of tokens.
pub(crate) fn read(file: &Path) -> anyhow::Result<EditorTokens> {
    let text = read_text(file).with_context(|| format!("cannot read {}", file.display()))?;
    let tokens = parse(&text).with_context(|| format!("in {}", file.display()))?;
    ensure!(!tokens.is_empty(), "there is no token in {}: `vraftls token` puts one there", file.display());
    Ok(EditorTokens(tokens))
}

fn read_text(file: &Path) -> std::io::Result<String> {
    if std::fs::metadata(file)?.len() > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(file)
}

fn parse(text: &str) -> anyhow::Result<Vec<(String, TokenHash)>> {
    let mut tokens = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
        if line.is_empty() {
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(name), Some(hash), None) = (words.next(), words.next(), words.next()) else {
            bail!("line {} is not a name and a hash", idx + 1);
        };
        let hash = TokenHash::from_hex(hash).with_context(|| format!("line {} has no hash of 64 digits", idx + 1))?;
        tokens.push((name.to_owned(), hash));
    }
    Ok(tokens)
}

#[derive(clap::Args)]
pub(crate) struct TokenArguments {
    /// Whose token it is: a word for the log
    name: String,

    /// The file that gets its hash; `vraftls gateway --listen-tokens` reads it
    #[arg(long, value_name = "FILE", env = "VRAFTLS_LISTEN_TOKENS")]
    tokens: PathBuf,
}

/// `vraftls token`: draws a token, prints it, and adds its hash to a file.
pub(crate) fn run(arguments: &TokenArguments) -> anyhow::Result<Exit> {
    let TokenArguments { name, tokens: file } = arguments;
    let is_word = |char: char| char.is_ascii_alphanumeric() || "-_.@".contains(char);
    ensure!(
        !name.is_empty() && name.len() <= 64 && name.chars().all(is_word),
        "`{name}` is no word of letters, digits and -_.@"
    );
    let known = match read_text(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("cannot read {}", file.display()))?,
    };
    let tokens = parse(&known).with_context(|| format!("in {}", file.display()))?;
    ensure!(
        tokens.iter().all(|(other, _)| other != name),
        "{} has a token of {name}: take its line out first",
        file.display()
    );
    let drawn = draw_token().context("the system has no randomness")?;
    let end = if known.is_empty() || known.ends_with('\n') { "" } else { "\n" };
    let file_text = format!("{known}{end}{name} {}\n", drawn.hash.to_hex());
    keep_secret(file, &file_text).with_context(|| format!("cannot write {}", file.display()))?;
    show(&drawn.text);
    Ok(Exit::Done)
}

#[expect(clippy::print_stdout, reason = "nobody can find it out again")]
fn show(token: &str) {
    println!("{token}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_token_is_known_and_is_not_in_the_file() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let file = scratch.path().join("tokens");
        std::fs::write(&file, "# of the team\n").expect("writable");
        let draw = |name: &str| run(&TokenArguments { name: name.to_owned(), tokens: file.clone() });
        draw("anna").expect("drawn");
        draw("ben").expect("drawn");
        assert!(draw("anna").is_err() && draw("").is_err() && draw("two words").is_err());
        let text = std::fs::read_to_string(&file).expect("it is there");
        assert!(text.starts_with("# of the team\nanna ") && text.lines().count() == 3, "{text}");
        let mut tokens = read(&file).expect("it is a file of tokens");
        assert!(!tokens.knows("vraftls_") && !tokens.knows(""));
        tokens.0.push(("known".to_owned(), TokenHash::of(b"right")));
        assert!(tokens.knows("right") && !tokens.knows("right "));
    }

    #[test]
    fn what_is_no_file_of_tokens_is_refused() {
        let hash = TokenHash::of(b"x").to_hex();
        assert_eq!(parse(&format!("\n # all\n anna\t{hash} # laptop\n")).expect("a token").len(), 1);
        for wrong in ["anna", "anna 0123", &format!("anna {hash} more"), &hash] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let empty = scratch.path().join("tokens");
        std::fs::write(&empty, "# none\n").expect("writable");
        assert!(read(&empty).is_err() && read(&scratch.path().join("nowhere")).is_err());
    }
}
