//! A real editor: Neovim without a screen opens a file, sees diagnostics, jumps, renames and writes.

use std::process::Stdio;
use std::time::Duration;

use vraftls_harness::{DEADLINE, Project, Server};

/// What Neovim runs. It ends with `:cq` and the reason in the file `failure` if something is not as it should be.
const SCRIPT: &str = r#"
local root, command = ...
local function fail(reason)
  vim.fn.writefile({ tostring(reason) }, root .. '/failure')
  vim.cmd('cq')
end
local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then fail('waited in vain for ' .. what) end
end
local function run()
  vim.cmd('edit ' .. root .. '/main.toy')
  local client = vim.lsp.start_client({ cmd = command, root_dir = root })
  vim.lsp.buf_attach_client(0, client)
  local main = vim.api.nvim_get_current_buf()

  -- Diagnostics come by themselves and go when the text is mended.
  wait('a diagnostic', function() return #vim.diagnostic.get(main) == 1 end)
  local found = vim.diagnostic.get(main)[1]
  if found.lnum ~= 2 or found.col ~= 6 then fail(vim.inspect(found)) end
  vim.api.nvim_buf_set_lines(main, 3, 3, false, { 'def missing' })
  wait('no diagnostic', function() return #vim.diagnostic.get(main) == 0 end)

  -- Many edits, as typing makes them; then what the server thinks is what the buffer has.
  for n = 1, 100 do
    vim.api.nvim_buf_set_lines(main, -1, -1, false, { 'def name' .. n })
    if n % 3 == 0 then vim.api.nvim_buf_set_lines(main, -2, -1, false, {}) end
  end
  vim.api.nvim_win_set_cursor(0, { 2, 6 })
  vim.lsp.buf.definition()
  wait('a jump', function() return vim.api.nvim_buf_get_name(0) == root .. '/lib.toy' end)
  local cursor = vim.api.nvim_win_get_cursor(0)
  if cursor[1] ~= 2 or cursor[2] ~= 4 then fail('jumped to ' .. vim.inspect(cursor)) end

  vim.cmd('buffer ' .. main)
  vim.api.nvim_win_set_cursor(0, { 2, 6 })
  vim.lsp.buf.rename('aid')
  wait('the renaming', function()
    return vim.api.nvim_buf_get_lines(main, 1, 2, false)[1] == '  use aid'
      and table.concat(vim.fn.getbufline(root .. '/lib.toy', 1, '$'), '\n') == 'def other\ndef aid # Helps.'
  end)
  vim.cmd('wall')
  vim.lsp.stop_client(client)
  wait('the server to end', function() return vim.lsp.client_is_stopped(client) end)
  vim.fn.writefile({ 'done' }, root .. '/done')
  vim.cmd('qa!')
end
local ok, reason = pcall(run)
if not ok then fail(reason) end
"#;

#[tokio::test]
async fn neovim_opens_jumps_renames_and_sees_diagnostics() {
    if std::process::Command::new("nvim").arg("--version").stdout(Stdio::null()).status().is_err() {
        // Not every machine has an editor; the build that decides has one.
        assert!(std::env::var_os("VRAFTLS_NEEDS_NEOVIM").is_none(), "nvim is not installed");
        return;
    }
    let project = Project::new(&[
        ("toy.project", ""),
        ("lib.toy", "def other\ndef helper # Helps.\n"),
        // Without a line break at its end, which Neovim names in a way of its own.
        ("main.toy", "def main\n  use helper\n  use missing"),
    ]);
    let server = Server::with_plugins(&["toy"]);
    project.write("run.lua", SCRIPT);
    let words: Vec<String> = server.command_line().iter().map(|word| format!("{:?}", word.to_str().unwrap())).collect();
    let call =
        format!("lua assert(loadfile({:?}))({:?}, {{{}}})", project.path("run.lua"), project.root(), words.join(", "));
    let mut editor = tokio::process::Command::new("nvim");
    editor.args(["--clean", "--headless", "-n", "-c", &call]).env("HOME", project.root()).kill_on_drop(true);
    let limit = DEADLINE + Duration::from_secs(60);
    let output =
        tokio::time::timeout(limit, editor.stdin(Stdio::null()).output()).await.expect("nvim should end").unwrap();
    let failure = std::fs::read_to_string(project.path("failure")).unwrap_or_default();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(project.path("done").is_file(), "{failure}\n{said}");
    assert_eq!(project.read("lib.toy"), "def other\ndef aid # Helps.\n");
    assert!(project.read("main.toy").starts_with("def main\n  use aid\n  use missing\ndef missing\n"));
}
