//! Debian's packages, for what neither cargo nor rustup can bring.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps;

/// Installs packages, as root or by `sudo` where that asks for no password.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    let root = steps::output(Command::new("id").arg("-u")).is_some_and(|user| user.trim() == "0");
    let apt_get = |arguments: &[&str]| {
        let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
        if !root {
            command.args(["-n", "apt-get"]);
        }
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        quietly(&mut command)
    };
    let install = ["install", "-qq", "-y", "--no-install-recommends"];
    let installed = apt_get(&["update", "-qq"]).and_then(|()| apt_get(&[&install[..], packages].concat()));
    installed.with_context(|| format!("the packages {} of Debian cannot be installed", packages.join(", ")))
}

/// Runs a command whose words, which name the machine's mirrors, matter only where it fails.
fn quietly(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("`{program}` does not start"))?;
    if !output.status.success() {
        bail!("`{program}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
