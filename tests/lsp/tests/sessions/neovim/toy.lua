-- The toy: diagnostics come and go, many edits, a jump, a renaming that is written.
local root, command, lib = ...
lib.run(root, function()
  vim.cmd('edit ' .. root .. '/main.toy')
  local client = lib.attach(root, command)
  local main = vim.api.nvim_get_current_buf()

  -- Diagnostics come by themselves and go when the text is mended.
  lib.wait('a diagnostic', function() return #vim.diagnostic.get(main) == 1 end)
  local found = vim.diagnostic.get(main)[1]
  lib.equal('its place', { found.lnum, found.col }, { 2, 6 })
  vim.api.nvim_buf_set_lines(main, 3, 3, false, { 'def missing' })
  lib.wait('no diagnostic', function() return #vim.diagnostic.get(main) == 0 end)

  -- Many edits, as typing makes them; then what the server thinks is what the buffer has.
  for n = 1, 100 do
    vim.api.nvim_buf_set_lines(main, -1, -1, false, { 'def name' .. n })
    if n % 3 == 0 then vim.api.nvim_buf_set_lines(main, -2, -1, false, {}) end
  end
  vim.api.nvim_win_set_cursor(0, { 2, 6 })
  vim.lsp.buf.definition()
  lib.wait('a jump', function() return vim.api.nvim_buf_get_name(0) == root .. '/lib.toy' end)
  lib.equal('the cursor', vim.api.nvim_win_get_cursor(0), { 2, 4 })

  vim.cmd('buffer ' .. main)
  vim.api.nvim_win_set_cursor(0, { 2, 6 })
  vim.lsp.buf.rename('aid')
  lib.wait('the renaming', function()
    return vim.api.nvim_buf_get_lines(main, 1, 2, false)[1] == '  use aid'
      and table.concat(vim.fn.getbufline(root .. '/lib.toy', 1, '$'), '\n') == 'def other\ndef aid # Helps.'
  end)
  vim.cmd('wall')
  lib.stop(client)
end)
