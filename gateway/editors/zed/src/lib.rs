//! Starts `vraftls` for Zed: the one that the settings name, or the one on the `PATH`. It downloads nothing and knows no
//! language.

use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree, serde_json::Value};

struct Vraftls;

impl zed::Extension for Vraftls {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let binary = LspSettings::for_worktree(id.as_ref(), worktree).ok().and_then(|settings| settings.binary);
        let (path, arguments, env) =
            binary.map_or_else(Default::default, |binary| (binary.path, binary.arguments, binary.env));
        let command = path.or_else(|| worktree.which("vraftls")).ok_or(
            "`vraftls` is not on the PATH; put it there, or say in the settings at lsp.vraftls.binary.path where it lies",
        )?;
        // The shell's environment, in which virtual environments are found, and what the settings add to it.
        let mut environment = worktree.shell_env();
        environment.extend(env.unwrap_or_default());
        Ok(Command { command, args: arguments.unwrap_or_else(|| vec!["lsp".to_owned()]), env: environment })
    }

    fn language_server_initialization_options(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(id.as_ref(), worktree).ok().and_then(|settings| settings.initialization_options))
    }

    fn language_server_workspace_configuration(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(id.as_ref(), worktree).ok().and_then(|settings| settings.settings))
    }
}

zed::register_extension!(Vraftls);
