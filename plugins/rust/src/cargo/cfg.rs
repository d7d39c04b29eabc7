//! The platform that is analyzed for, and whether a `cfg(..)` of a manifest holds there.

/// A platform, by what `cfg` may ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platform {
    triple: String,
    flags: Vec<String>,
    values: Vec<(String, String)>,
}

/// What is analyzed for unless a setting says otherwise: the same on every node, so that answers are.
const DEFAULT: &str = "x86_64-unknown-linux-gnu";

impl Default for Platform {
    fn default() -> Self {
        Self::of(DEFAULT)
    }
}

impl Platform {
    /// The platform of a target triple. What is not known of a triple is left out, so that what asks for it is off.
    pub(crate) fn of(triple: &str) -> Self {
        let mut parts = triple.split('-');
        let arch = parts.next().unwrap_or_default();
        let vendor = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        let system = match rest.first().copied().unwrap_or_default() {
            "darwin" => "macos",
            system => system,
        };
        let family = match system {
            "windows" => "windows",
            _ if arch.starts_with("wasm") => "wasm",
            _ => "unix",
        };
        let arch = match arch {
            "i386" | "i586" | "i686" => "x86",
            "armv7" | "thumbv7em" => "arm",
            arch => arch,
        };
        let width = if matches!(arch, "x86" | "arm" | "wasm32" | "riscv32" | "mips") { "32" } else { "64" };
        let mut values = vec![
            ("target_arch", arch),
            ("target_endian", "little"),
            ("target_env", rest.get(1).copied().unwrap_or_default()),
            ("target_family", family),
            ("target_os", system),
            ("target_pointer_width", width),
            ("target_vendor", vendor),
            ("panic", "unwind"),
        ];
        values.extend(["8", "16", "32", "64", "ptr"].map(|size| ("target_has_atomic", size)));
        if arch == "x86_64" {
            values.extend(["fxsr", "sse", "sse2"].map(|feature| ("target_feature", feature)));
        }
        Self {
            triple: triple.to_owned(),
            flags: vec![family.to_owned(), "debug_assertions".to_owned(), "target_thread_local".to_owned()],
            values: values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    /// The options without a value.
    pub(crate) fn flags(&self) -> &[String] {
        &self.flags
    }

    /// The options with a value; a key may have several.
    pub(crate) fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// Whether what stands in `[target.'..']` holds: a triple, or `cfg(..)`. What cannot be read does not.
    pub(crate) fn matches(&self, condition: &str) -> bool {
        let condition = condition.trim();
        let Some(inner) = condition.strip_prefix("cfg(").and_then(|rest| rest.strip_suffix(')')) else {
            return condition == self.triple;
        };
        let mut parser = Parser { rest: inner, depth: 0 };
        let holds = parser.predicate(self);
        holds.filter(|_| parser.rest.trim().is_empty()).unwrap_or_default()
    }

    fn holds(&self, key: &str, value: Option<&str>) -> bool {
        match value {
            Some(value) => self.values.iter().any(|(known, has)| known == key && has == value),
            None => key == "true" || self.flags.iter().any(|flag| flag == key),
        }
    }
}

/// How deeply `cfg(..)` may nest; nobody writes more, and a hostile manifest must not exhaust the stack.
const DEPTH_MAX: usize = 64;

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn predicate(&mut self, platform: &Platform) -> Option<bool> {
        let word = self.word()?;
        if self.takes('(') {
            return self.list(word, platform);
        }
        let value = if self.takes('=') { Some(self.string()?) } else { None };
        Some(platform.holds(word, value))
    }

    fn list(&mut self, operator: &str, platform: &Platform) -> Option<bool> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut all = Vec::new();
        while !self.takes(')') {
            all.push(self.predicate(platform)?);
            if !self.takes(',') && !self.rest.trim_start().starts_with(')') {
                return None;
            }
        }
        self.depth -= 1;
        match operator {
            "all" => Some(all.iter().all(|holds| *holds)),
            "any" => Some(all.iter().any(|holds| *holds)),
            "not" => all.first().map(|holds| !holds),
            _ => None,
        }
    }

    fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn string(&mut self) -> Option<&'a str> {
        let (value, rest) = self.rest.trim_start().strip_prefix('"')?.split_once('"')?;
        self.rest = rest;
        Some(value)
    }

    fn takes(&mut self, character: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_manifests_are_decided() {
        let linux = Platform::default();
        for holds in [
            "cfg(unix)",
            "cfg(not(windows))",
            "cfg(all(unix, target_arch = \"x86_64\"))",
            "cfg(any(windows, target_os = \"linux\",))",
            "x86_64-unknown-linux-gnu",
            "cfg(all())",
        ] {
            assert!(linux.matches(holds), "{holds}");
        }
        for fails in
            ["cfg(windows)", "cfg(unix", "cfg(unix) x", "cfg(foo(unix))", "cfg()", "aarch64-apple-darwin", "cfg(any())"]
        {
            assert!(!linux.matches(fails), "{fails}");
        }
        assert!(Platform::of("x86_64-pc-windows-msvc").matches("cfg(all(windows, target_env = \"msvc\"))"));
        assert!(Platform::of("aarch64-apple-darwin").matches("cfg(target_os = \"macos\")"));
        assert!(!linux.matches(&format!("cfg({}unix{})", "not(".repeat(10_000), ")".repeat(10_000))));
    }
}
