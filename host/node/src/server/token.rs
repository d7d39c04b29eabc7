//! Tokens: drawn here, shown once, kept as a hash.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use vraftls_meta::TokenHash;

/// What a token begins with, so that people and scanners for secrets know one when they see it.
const PREFIX: &str = "vraftls_";

/// A token that was just drawn.
pub struct DrawnToken {
    /// What admins show. Nobody can find it out again.
    pub text: String,
    /// What the cluster keeps of it.
    pub hash: TokenHash,
}

impl fmt::Debug for DrawnToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawnToken(..)")
    }
}

/// Draws a token of 32 random bytes.
///
/// # Errors
/// The system has no randomness.
pub fn draw_token() -> Result<DrawnToken, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let text = format!("{PREFIX}{}", blake3::Hash::from_bytes(bytes).to_hex());
    let hash = TokenHash::of(text.as_bytes());
    Ok(DrawnToken { text, hash })
}

/// Keeps a secret in a file that its owner alone may read: after a crash there is all of it or nothing.
///
/// # Errors
/// As the system says.
pub fn keep_secret(path: &Path, secret: &str) -> io::Result<()> {
    let temporary = path.with_extension("secret");
    // One that is left from a crash may belong to others' eyes.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_reads_a_secret() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = scratch.path().join("admin-token");
        fs::write(path.with_extension("secret"), "left from a crash").expect("a file");
        for secret in ["first", "second"] {
            keep_secret(&path, secret).expect("kept");
            assert_eq!(fs::read_to_string(&path).expect("read"), secret);
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(scratch.path()).expect("a directory").count(), 1);
    }
}
