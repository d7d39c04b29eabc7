-- For Neovim 0.11 and newer, which finds this file on its 'runtimepath': vim.lsp.enable('vraftls').

---@type vim.lsp.Config
return {
  cmd = { 'vraftls', 'lsp' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', '.git' },
  settings = { vraftls = vim.empty_dict() },
  -- A lens about references carries where they are only for an editor that says that it shows them.
  capabilities = { experimental = { commands = { commands = { 'vraftls.showReferences' } } } },
  commands = {
    ['vraftls.showReferences'] = function(command, context)
      local client = assert(vim.lsp.get_client_by_id(context.client_id))
      local items = vim.lsp.util.locations_to_items(command.arguments[3], client.offset_encoding)
      vim.fn.setqflist({}, ' ', { title = command.title, items = items })
      vim.cmd('botright copen')
    end,
  },
}
