//! Tokens: drawn here, shown once, kept as a hash.

use std::fmt;

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
