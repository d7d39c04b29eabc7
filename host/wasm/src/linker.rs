//! Which imports a component may have, and what stands behind them.

use wasmtime::component::{Component, Linker, WasmList};
use wasmtime::{Engine, StoreContextMut};

use crate::bindings::vraftls::analyzer::log::Level;
use crate::host_state::HostState;
use crate::{import_keeper, import_log, import_wasi, import_workspace};

const WORKSPACE: &str = "vraftls:analyzer/workspace";
const LINKING: &str = "vraftls:analyzer/linking";
const LOG: &str = "vraftls:analyzer/log";
const KEEPER: &str = "vraftls:analyzer/keeper";
/// Interfaces of the contract that a component may import. `types` has no functions: it needs nothing behind it.
const GRANTED: [&str; 5] = [WORKSPACE, LINKING, LOG, KEEPER, "vraftls:analyzer/types"];
/// The contract's version behind the imports.
const VERSION: &str = "@0.1.0";

/// The imports of a component that it is not granted, as they stand in it.
pub(crate) fn not_granted(engine: &Engine, component: &Component) -> Vec<String> {
    let imports = component.component_type();
    let imports = imports.imports(engine).map(|(name, _)| name.to_owned());
    imports.filter(|name| !is_granted(name)).collect()
}

fn is_granted(import: &str) -> bool {
    let name = import.split_once('@').map_or(import, |(name, _)| name);
    GRANTED.contains(&name) || import_wasi::GRANTED.contains(&name)
}

type Store<'a> = StoreContextMut<'a, HostState>;

/// A linker with all that is granted.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    import_wasi::define(&mut linker)?;

    let mut log = linker.instance(&format!("{LOG}{VERSION}"))?;
    log.func_wrap("write", |mut store: Store<'_>, (level, message): (Level, String)| {
        store.data_mut().count_host_call()?;
        import_log::write(store.data_mut(), level, &message);
        Ok(())
    })?;

    let mut keeper = linker.instance(&format!("{KEEPER}{VERSION}"))?;
    keeper
        .func_wrap("hold", |store: Store<'_>, (memory,): (WasmList<u8>,)| Ok(import_keeper::hold(store, &memory)?))?;

    let mut linking = linker.instance(&format!("{LINKING}{VERSION}"))?;
    linking.func_wrap("real", |mut store: Store<'_>, (path,): (String,)| {
        Ok((import_workspace::real(store.data_mut(), &path)?,))
    })?;

    let mut workspace = linker.instance(&format!("{WORKSPACE}{VERSION}"))?;
    workspace.func_wrap("read", |mut store: Store<'_>, (path,): (String,)| {
        Ok((import_workspace::read(store.data_mut(), &path)?,))
    })?;
    workspace.func_wrap("list", |mut store: Store<'_>, (path,): (String,)| {
        Ok((import_workspace::list(store.data_mut(), &path)?,))
    })?;
    workspace.func_wrap("exists", |mut store: Store<'_>, (paths,): (Vec<String>,)| {
        Ok((import_workspace::exists(store.data_mut(), &paths)?,))
    })?;
    workspace.func_wrap("candidates", |mut store: Store<'_>, (name, roles): (String, u32)| {
        Ok((import_workspace::candidates(store.data_mut(), &name, roles)?,))
    })?;
    workspace.func_wrap("symbols", |mut store: Store<'_>, (query, exact, limit): (String, bool, u32)| {
        Ok((import_workspace::symbols(store.data_mut(), &query, exact, limit)?,))
    })?;
    workspace.func_wrap("cancelled", |store: Store<'_>, (): ()| Ok((import_workspace::cancelled(store.data()),)))?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_granted_is_told_by_name_and_not_by_prefix() {
        for granted in
            ["vraftls:analyzer/log@0.1.0", "vraftls:analyzer/types@0.1.7", "wasi:io/poll@0.2.6", "wasi:cli/exit"]
        {
            assert!(is_granted(granted), "{granted}");
        }
        for refused in [
            "wasi:keyvalue/store@0.2.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:io",
            "wasi:io/pollution@0.2.6",
            "vraftls:analyzer/secrets@0.1.0",
            "env",
            "",
        ] {
            assert!(!is_granted(refused), "{refused}");
        }
    }
}
