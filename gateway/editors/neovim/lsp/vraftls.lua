-- For Neovim 0.11 and newer, which finds this file on its 'runtimepath': vim.lsp.enable('vraftls').

---@type vim.lsp.Config
return {
  cmd = { 'vraftls', 'lsp' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', '.git' },
  settings = { vraftls = vim.empty_dict() },
}
