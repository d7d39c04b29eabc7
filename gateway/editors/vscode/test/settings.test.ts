// How settings become a command line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { expand, readSettings, serverArguments } from "../src/settings";

const read = (values: Record<string, unknown>) => readSettings((key) => values[key]);

test("nothing set starts the server with nothing but its command", () => {
    assert.deepEqual(serverArguments(read({}), "/w", "/h"), ["lsp"]);
});

test("a cluster, a data directory and further arguments are passed on in order", () => {
    const settings = read({
        cluster: ["10.0.0.1:7000", " 10.0.0.2:7000 ", ""],
        dataDir: "${workspaceFolder}/.vraftls",
        "server.arguments": ["--log=debug", "--plugin-dir", "~/plugins"],
    });
    assert.deepEqual(serverArguments(settings, "/w", "/h"), [
        "lsp",
        "--cluster",
        "10.0.0.1:7000,10.0.0.2:7000",
        "--data-dir",
        "/w/.vraftls",
        "--log=debug",
        "--plugin-dir",
        "/h/plugins",
    ]);
});

test("values of wrong types count as not set", () => {
    const settings = read({ "server.path": 7, "server.arguments": "x", cluster: [1, null, "a:1"], dataDir: null, languages: "x" });
    assert.deepEqual(settings, { path: "", arguments: [], address: "", cluster: ["a:1"], dataDir: "", languages: [] });
});

test("only a leading tilde is the home", () => {
    assert.equal(expand("~", "/w", "/h"), "/h");
    assert.equal(expand("/a/~/b", "/w", "/h"), "/a/~/b");
    assert.equal(expand("~other/b", "/w", "/h"), "~other/b");
    assert.equal(expand("${workspaceFolder}/b", undefined, "/h"), "${workspaceFolder}/b");
});
