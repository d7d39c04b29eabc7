-- What every script here begins with: how it waits, and how it says what is wrong. Written for Neovim 0.7 and later.
--
-- A script ends with `:qa!` and the file `done` in the project's folder, or with `:cq` and the reason in the file `failure`.
local M = {}

-- How long anything is waited for, in milliseconds. A loaded machine is no failure.
local PATIENCE_MS = 120000

function M.fail(reason)
  error(reason, 0)
end

function M.wait(what, condition)
  if not vim.wait(PATIENCE_MS, condition, 20) then M.fail('waited in vain for ' .. what) end
end

function M.equal(what, found, expected)
  if not vim.deep_equal(found, expected) then
    M.fail(what .. ': ' .. vim.inspect(found) .. ' instead of ' .. vim.inspect(expected))
  end
end

-- Starts the server for the current buffer, and gives the client's id.
function M.attach(root, command)
  local client = vim.lsp.start_client({ cmd = command, root_dir = root })
  if not client then M.fail('the server does not start') end
  vim.lsp.buf_attach_client(0, client)
  M.wait('the server to initialize', function()
    local found = vim.lsp.get_client_by_id(client)
    return found and found.initialized
  end)
  return client
end

function M.stop(client)
  vim.lsp.stop_client(client)
  M.wait('the server to end', function() return vim.lsp.client_is_stopped(client) end)
end

-- Puts the cursor on the `n`th place where a plain text stands in the current buffer.
function M.go_to(text, n)
  local left = n or 1
  for line, content in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local from = 1
    while true do
      local found = content:find(text, from, true)
      if not found then break end
      left = left - 1
      if left == 0 then
        vim.api.nvim_win_set_cursor(0, { line, found - 1 })
        return
      end
      from = found + 1
    end
  end
  M.fail('there is no ' .. text .. ' in ' .. vim.api.nvim_buf_get_name(0))
end

function M.line()
  return vim.api.nvim_get_current_line()
end

function M.run(root, script)
  local ok, reason = xpcall(script, debug.traceback)
  vim.fn.writefile({ tostring(reason) }, root .. (ok and '/done' or '/failure'))
  vim.cmd(ok and 'qa!' or 'cq')
end

return M
