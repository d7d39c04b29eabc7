//! Which library roots the analyzers of which languages read.
//!
//! Languages may claim kinds of roots: those are for their analyzers alone, which read no others. What nobody claims is for all the rest.
//! Finding roots is not done here; a module of each language does that.

use super::{Environment, Mount, node_modules, rust};

/// Languages with the kinds that they claim.
type Claim = (&'static [&'static str], &'static [&'static str]);

const CLAIMS: [Claim; 2] = [(&rust::LANGUAGES, &rust::KINDS), (&node_modules::LANGUAGES, &[node_modules::KIND])];

/// The claims of an analyzer's languages.
fn claims_of(languages: &[&str]) -> Vec<&'static Claim> {
    CLAIMS.iter().filter(|(claiming, _)| claiming.iter().any(|one| languages.contains(one))).collect()
}

fn reads(claims: &[&Claim], kind: &str) -> bool {
    match claims {
        [] => CLAIMS.iter().all(|(_, kinds)| !kinds.contains(&kind)),
        claims => claims.iter().any(|(_, kinds)| kinds.contains(&kind)),
    }
}

/// Whether an analyzer of these languages reads library roots of this kind.
pub fn is_for(kind: &str, languages: &[&str]) -> bool {
    reads(&claims_of(languages), kind)
}

/// The library roots for an analyzer of these languages: those of the environment that was asked with, but for those that its languages
/// claim, which are the workspace's own whoever asks.
pub(crate) fn mounts_for<'a>(
    languages: &[&str],
    asked: &'a Environment,
    own: &'a Environment,
) -> impl Iterator<Item = &'a Mount> + use<'a> {
    let claims = claims_of(languages);
    let environment = if claims.is_empty() { asked } else { own };
    environment.mounts.iter().filter(move |mount| reads(&claims, &mount.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_for_those_who_claim_them_and_others_for_everybody_else() {
        let mount = |kind: &str| Mount {
            prefix: format!("@lib/{kind}"),
            kind: kind.to_owned(),
            directory: "/gone".into(),
            modified_ns: 0,
        };
        let kinds = ["site-packages", "rust-package", "node_modules"];
        let own = Environment { mounts: kinds.map(mount).to_vec(), settings: Vec::new() };
        let asked = Environment { mounts: vec![mount("other")], settings: Vec::new() };
        let read = |language: &str, asked: &Environment| {
            mounts_for(&[language], asked, &own).map(|mount| mount.kind.clone()).collect::<Vec<_>>()
        };
        for (language, with_own, with_other) in [
            ("rust", "rust-package", "rust-package"),
            ("javascriptreact", "node_modules", "node_modules"),
            ("python", "site-packages", "other"),
            ("unheard-of", "site-packages", "other"),
        ] {
            assert_eq!(
                (read(language, &own), read(language, &asked)),
                (vec![with_own.to_owned()], vec![with_other.to_owned()])
            );
        }
        assert!(is_for("rust-std", &["toml", "rust"]) && !is_for("rust-std", &[]));
    }
}
