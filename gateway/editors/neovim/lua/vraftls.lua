-- For Neovim 0.7 to 0.10, which has no vim.lsp.enable: require('vraftls').setup().

local M = {}

-- What setup() can be told otherwise.
M.defaults = {
  cmd = { 'vraftls', 'lsp' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', '.git' },
  settings = {},
}

-- The ids of the clients by their folders, for Neovim 0.7, which does not reuse one by itself.
local clients = {}

-- The nearest folder above a file that has one of the markers, else the file's own.
local function root_of(path, markers)
  local own = vim.fn.fnamemodify(path, ':p:h')
  local folder = own
  while true do
    for _, marker in ipairs(markers) do
      local found = folder .. '/' .. marker
      if vim.fn.filereadable(found) == 1 or vim.fn.isdirectory(found) == 1 then
        return folder
      end
    end
    local parent = vim.fn.fnamemodify(folder, ':h')
    if parent == folder then
      return own
    end
    folder = parent
  end
end

-- Lists the places that a lens about references carries.
local function show_references(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local items = vim.lsp.util.locations_to_items(command.arguments[3], client.offset_encoding)
  vim.fn.setqflist({}, ' ', { title = command.title, items = items })
  vim.cmd('botright copen')
end

-- What Neovim can, and that it shows those places: without that the server only counts them.
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.experimental = { commands = { commands = { 'vraftls.showReferences' } } }
  return all
end

-- Starts a server for a buffer's folder, or takes the one that runs there.
local function attach(buffer, config)
  local path = vim.api.nvim_buf_get_name(buffer)
  if path == '' or vim.bo[buffer].buftype ~= '' then
    return
  end
  local root = root_of(path, config.root_markers)
  local client = vim.tbl_extend('force', config, {
    name = 'vraftls',
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    capabilities = config.capabilities or capabilities(),
    commands = { ['vraftls.showReferences'] = show_references },
    settings = { vraftls = next(config.settings) and config.settings or vim.empty_dict() },
  })
  if vim.lsp.start then
    vim.lsp.start(client, { bufnr = buffer })
    return
  end
  if clients[root] == nil or vim.lsp.client_is_stopped(clients[root]) then
    clients[root] = vim.lsp.start_client(client)
  end
  if clients[root] then
    vim.lsp.buf_attach_client(buffer, clients[root])
  end
end

-- Attaches to every buffer of the file types from now on, and to those that are loaded.
function M.setup(options)
  local config = vim.tbl_deep_extend('force', M.defaults, options or {})
  -- Lists are taken whole: merged, a shorter command would keep the longer one's end.
  for _, list in ipairs({ 'cmd', 'filetypes', 'root_markers' }) do
    config[list] = (options or {})[list] or M.defaults[list]
  end
  local group = vim.api.nvim_create_augroup('vraftls', { clear = true })
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = config.filetypes,
    callback = function(event)
      attach(event.buf, config)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.tbl_contains(config.filetypes, vim.bo[buffer].filetype) then
      attach(buffer, config)
    end
  end
end

return M
