//! What `gateway/editors/neovim` has: the module for Neovim 0.7 to 0.10 attaches to the real server; the file for 0.11 is
//! what `vim.lsp.enable` wants, and attaches too where Neovim is that new.

use tokio::process::Command;
use vraftls_harness::{Project, Server};

use super::{in_tree, orders, run};

/// What both scripts begin with. They end with `:cq` and the reason in the file `failure` if something is not as it should be.
const BEGIN: &str = r#"
local root, editors, command = ...
local function fail(reason)
  vim.fn.writefile({ tostring(reason) }, root .. '/failure')
  vim.cmd('cq')
end
local function wait(what, condition)
  if not vim.wait(120000, condition, 20) then fail('waited in vain for ' .. what) end
end
local function clients()
  return vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()
end
-- Opens a file that uses a method and jumps to it.
local function jump()
  vim.cmd('edit ' .. root .. '/src/orders/pricing.py')
  wait('a client', function() return #clients() == 1 and clients()[1].initialized end)
  vim.fn.search([[line\.\zsprice()]])
  vim.lsp.buf.definition()
  wait('a jump', function() return vim.api.nvim_buf_get_name(0) == root .. '/src/orders/model.py' end)
  local line = vim.api.nvim_get_current_line()
  if not line:find('def price') then fail('jumped to ' .. line) end
end
local function finish()
  vim.lsp.stop_client(clients())
  wait('the server to end', function() return #clients() == 0 end)
  vim.fn.writefile({ 'done' }, root .. '/done')
  vim.cmd('qa!')
end
"#;

/// For the module.
const MODULE: &str = r#"
local function run()
  require('vraftls').setup({ cmd = command })
  jump()
  -- The file that it jumped to, in the same project, has the same server.
  wait('the second buffer', function() return vim.lsp.buf_is_attached(0, clients()[1].id) end)
  if #clients() ~= 1 then fail(#clients() .. ' servers') end
  if clients()[1].config.root_dir ~= root then fail('rooted at ' .. clients()[1].config.root_dir) end
  -- The places of a lens are listed.
  local start = { line = 1, character = 0 }
  local place = { uri = vim.uri_from_bufnr(0), range = { start = start, ['end'] = start } }
  local command = { title = '1 reference', arguments = { place.uri, start, { place } } }
  clients()[1].config.commands['vraftls.showReferences'](command, { client_id = clients()[1].id })
  local listed = vim.fn.getqflist({ title = 0, items = 0 })
  if listed.title ~= '1 reference' or listed.items[1].lnum ~= 2 then fail(vim.inspect(listed)) end
  finish()
end
local ok, reason = pcall(run)
if not ok then fail(reason) end
"#;

/// For the file.
const FILE: &str = r#"
local is_list = vim.islist or vim.tbl_islist
local function run()
  local config = dofile(editors .. '/lsp/vraftls.lua')
  vim.validate({
    cmd = { config.cmd, function(cmd) return vim.deep_equal(cmd, { 'vraftls', 'lsp' }) end, 'the command' },
    filetypes = { config.filetypes, is_list, 'a list' },
    root_markers = { config.root_markers, is_list, 'a list' },
    settings = { config.settings, 'table' },
  })
  for key, _ in pairs(config) do
    local known = { 'cmd', 'filetypes', 'root_markers', 'settings', 'capabilities', 'commands' }
    if not vim.tbl_contains(known, key) then fail('unknown: ' .. key) end
  end
  if vim.lsp.enable then
    vim.lsp.config('vraftls', { cmd = command })
    vim.lsp.enable('vraftls')
    jump()
  end
  finish()
end
local ok, reason = pcall(run)
if not ok then fail(reason) end
"#;

async fn edit(project: &Project, server: &Server, script: &str) {
    project.write("run.lua", &format!("{BEGIN}{script}"));
    let words: Vec<String> = server.command_line().iter().map(|word| format!("{:?}", word.to_str().unwrap())).collect();
    let editors = in_tree("gateway/editors/neovim");
    let script = project.path("run.lua");
    let call = format!("lua assert(loadfile({script:?}))({:?}, {editors:?}, {{{}}})", project.root(), words.join(", "));
    let mut editor = Command::new("nvim");
    editor.args(["--clean", "--headless", "-n", "--cmd"]).arg(format!("set runtimepath^={}", editors.display()));
    let output = run(editor.args(["-c", &call]).env("HOME", project.root())).await;
    let failure = std::fs::read_to_string(project.path("failure")).unwrap_or_default();
    assert!(project.path("done").is_file(), "{failure}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_module_attaches_one_server_to_a_project() {
    edit(&orders(), &Server::with_plugins(&["python"]), MODULE).await;
}

#[tokio::test]
async fn the_file_is_a_configuration() {
    edit(&orders(), &Server::with_plugins(&["python"]), FILE).await;
}
