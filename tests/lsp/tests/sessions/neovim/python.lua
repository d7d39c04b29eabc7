-- Python, as somebody works on it: what is wrong is shown, then jumps, a list of uses, completion, a layout, and a renaming in four files.
local root, command, lib = ...
lib.run(root, function()
  local function open(path)
    vim.cmd('edit ' .. root .. '/src/orders/' .. path)
  end
  open('pricing.py')
  local client = lib.attach(root, command)
  local pricing = vim.api.nvim_get_current_buf()

  -- What is typed wrong is shown, and gone when it is mended.
  local last = vim.api.nvim_buf_line_count(pricing)
  vim.api.nvim_buf_set_lines(pricing, last, last, false, { '', 'WRONG: int = NO_DISCOUNT' })
  lib.wait('a diagnostic', function() return #vim.diagnostic.get(pricing) == 1 end)
  lib.equal('its line', vim.diagnostic.get(pricing)[1].lnum, last + 1)
  vim.api.nvim_buf_set_lines(pricing, last, -1, false, {})
  lib.wait('no diagnostic', function() return #vim.diagnostic.get(pricing) == 0 end)

  -- A method of a value whose type comes from another file.
  lib.go_to('price()')
  vim.lsp.buf.definition()
  lib.wait('a jump', function() return vim.api.nvim_buf_get_name(0) == root .. '/src/orders/model.py' end)
  lib.equal('the line of the definition', lib.line(), '    def price(self) -> Decimal:')

  -- All uses of a class land in the list that people walk through. Another buffer is another document of the same session.
  vim.lsp.buf_attach_client(0, client)
  lib.go_to('OrderLine')
  vim.fn.setqflist({})
  vim.lsp.buf.references({ includeDeclaration = true })
  lib.wait('the references', function() return #vim.fn.getqflist() > 0 end)
  local files = {}
  for _, item in ipairs(vim.fn.getqflist()) do
    files[vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ':t')] = true
  end
  lib.equal('the files that use it', files, { ['model.py'] = true, ['pricing.py'] = true, ['__init__.py'] = true })
  vim.cmd('cclose')

  -- Completion after a dot, asked for as the editor's own completion function does. Where one types, the cursor stands behind the
  -- last character.
  vim.o.virtualedit = 'onemore'
  vim.cmd('buffer ' .. pricing)
  local lines = vim.api.nvim_buf_line_count(pricing)
  vim.api.nvim_buf_set_lines(pricing, lines, lines, false, { 'NO_DISCOUNT.' })
  vim.api.nvim_win_set_cursor(0, { lines + 1, #'NO_DISCOUNT.' })
  local params = vim.lsp.util.make_position_params()
  local answers = vim.lsp.buf_request_sync(pricing, 'textDocument/completion', params, 60000)
  local items = vim.lsp.util.text_document_completion_list_to_complete_items(answers[client].result, '')
  local words = {}
  for _, item in ipairs(items) do words[item.word] = true end
  if not (words.share and words.quantity_min) then lib.fail('no members among ' .. vim.inspect(vim.tbl_keys(words))) end
  vim.api.nvim_buf_set_lines(pricing, lines, -1, false, {})

  -- A layout that is mended.
  local before = vim.api.nvim_buf_get_lines(pricing, 0, -1, false)
  local ugly = vim.deepcopy(before)
  for n, line in ipairs(ugly) do ugly[n] = line:gsub(' = ', '=') end
  vim.api.nvim_buf_set_lines(pricing, 0, -1, false, ugly)
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 60000 })
  else
    vim.lsp.buf.formatting_sync(nil, 60000)
  end
  lib.equal('the layout', vim.api.nvim_buf_get_lines(pricing, 0, -1, false), before)

  -- A renaming across files, open or not; all of them are written.
  lib.go_to('class Discount')
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_win_get_cursor(0)[1], #'class ' })
  vim.lsp.buf.rename('Rebate')
  lib.wait('the renaming', function()
    return table.concat(vim.fn.getbufline(root .. '/tests/test_pricing.py', 1, '$'), '\n'):find('Rebate%(') ~= nil
      and table.concat(vim.api.nvim_buf_get_lines(pricing, 0, -1, false), '\n'):find('class Rebate', 1, true) ~= nil
  end)
  vim.cmd('silent wall')
  lib.wait('no diagnostic after the renaming', function() return #vim.diagnostic.get(pricing) == 0 end)
  lib.stop(client)
end)
