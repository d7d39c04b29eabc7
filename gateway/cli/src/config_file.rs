//! Options from a file: `vraftls node --config FILE`, or `vraftls gateway --config FILE`.
//!
//! The file is TOML with the names of the options: `listen = "10.0.0.1:9257"`, `join = ["a:9257", "b:9257"]`, `init = true`. What the
//! command line says goes first, then the environment (`VRAFTLS_LISTEN`), then the file.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, bail};
use toml::{Table, Value};

/// The commands that have such a file.
const COMMANDS: [&str; 2] = ["node", "gateway"];

const OPTION: &str = "--config";

/// Puts what the file says among the arguments, if they name one.
pub(crate) fn expand(arguments: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let is_command = |argument: &OsString| COMMANDS.iter().any(|command| argument == command);
    let Some(at) = arguments.iter().position(is_command) else { return Ok(arguments) };
    let Some((file, rest)) = take_option(&arguments[at + 1..])? else { return Ok(arguments) };
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", Path::new(&file).display()))?;
    let is_set = |name: &str| std::env::var_os(environment_name(name)).is_some();
    let from_file = options(&text, &rest, is_set).with_context(|| format!("in {}", Path::new(&file).display()))?;
    Ok(arguments[..=at].iter().cloned().chain(from_file).chain(rest).collect())
}

/// The value of the option, and the arguments without it.
fn take_option(arguments: &[OsString]) -> anyhow::Result<Option<(OsString, Vec<OsString>)>> {
    let (mut file, mut rest) = (None, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let given = match argument.to_str() {
            Some(OPTION) => Some(arguments.next().context("--config is followed by a file")?.clone()),
            Some(text) => text.strip_prefix("--config=").map(OsString::from),
            None => None,
        };
        match given {
            Some(_) if file.is_some() => bail!("--config is given twice"),
            Some(given) => file = Some(given),
            None => rest.push(argument.clone()),
        }
    }
    Ok(file.map(|file| (file, rest)))
}

fn environment_name(option: &str) -> String {
    format!("VRAFTLS_{}", option.replace('-', "_").to_uppercase())
}

/// The options of a file that nobody else sets.
fn options(text: &str, given: &[OsString], is_set: impl Fn(&str) -> bool) -> anyhow::Result<Vec<OsString>> {
    let table: Table = text.parse()?;
    let mut options = Vec::new();
    for (name, value) in table {
        let option = format!("--{}", name.replace('_', "-"));
        let is_given = |argument: &OsString| is_option(argument, &option);
        if given.iter().any(is_given) || is_set(&name) {
            continue;
        }
        match value {
            Value::Boolean(true) => options.push(option.into()),
            Value::Boolean(false) => {}
            Value::Array(values) => {
                for value in values {
                    options.extend([OsString::from(&option), scalar(&name, &value)?.into()]);
                }
            }
            value => options.extend([OsString::from(&option), scalar(&name, &value)?.into()]),
        }
    }
    Ok(options)
}

fn is_option(argument: &OsStr, option: &str) -> bool {
    let Some(argument) = argument.to_str() else { return false };
    argument == option || argument.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
}

fn scalar(name: &str, value: &Value) -> anyhow::Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        _ => bail!("`{name}` is a text, a whole number, true, false, or a list of the first two"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_command_line_goes_first_then_the_environment_then_the_file() {
        let file = "listen = \"127.0.0.1:1\"\njoin = [\"a:1\", \"b:2\"]\ninit = true\nwitness = false\nnode-id = 7\ndata_dir = \"/d\"\n";
        let is_set = |name: &str| name == "data_dir";
        let read = options(file, &words("--listen=127.0.0.1:9"), is_set).expect("TOML");
        let mut read: Vec<String> = read.into_iter().map(|word| word.into_string().expect("text")).collect();
        assert_eq!(read.len(), 7);
        read.sort();
        assert_eq!(read, ["--init", "--join", "--join", "--node-id", "7", "a:1", "b:2"]);
        assert!(options("listen = 1.5", &[], |_| false).is_err());
        assert!(options("listen", &[], |_| false).is_err());
    }

    #[test]
    fn the_option_is_found_in_both_forms_and_only_for_commands_that_have_it() {
        let (file, rest) = take_option(&words("--init --config f.toml --listen x")).expect("whole").expect("given");
        assert_eq!((file, rest), ("f.toml".into(), words("--init --listen x")));
        assert!(take_option(&words("--config=f")).expect("whole").is_some());
        assert!(take_option(&words("--config")).is_err());
        assert!(take_option(&words("--config a --config b")).is_err());
        assert_eq!(expand(words("vraftls check --config")).expect("not ours"), words("vraftls check --config"));
        assert!(expand(words("vraftls node --config /no/such/file")).is_err());
    }
}
