// What is shown of a server's own words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { line, page, readStatus } from "../src/status";

test("a server that answers is running, whatever it says", () => {
    for (const answer of [null, undefined, 7, "x", [], {}, { health: "splendid" }, { health: 3, message: 4 }]) {
        assert.equal(readStatus(answer).health, "ok");
        assert.equal(readStatus(answer).message, undefined);
    }
});

test("a server that complains is shown so", () => {
    const status = readStatus({ health: "warning", message: "1 of 3 nodes is out of reach" });
    const shown = line(status, "vraftls lsp");
    assert.equal(shown.emphasis, "warning");
    assert.match(shown.text, /^\$\(warning\) /);
    assert.match(shown.tooltip, /1 of 3 nodes is out of reach/);
    assert.match(shown.tooltip, /vraftls lsp/);
});

test("folders are shown as far as they are", () => {
    const folders = [
        { root: "/w", phase: "ready", done: 7, files: 7 },
        { root: "/v", phase: "indexing", done: 2, files: 9 },
        null,
        { root: "/u" },
    ];
    assert.equal(readStatus({ version: "1", folders }).message, "/w: 7 files\n/v: indexing 2 of 9 files");
});

test("the page has all that is known", () => {
    const shown = page(readStatus({ health: "ok", folders: [{ root: "/w" }] }), "vraftls lsp", { name: "vraftls", version: "1.2.3" });
    for (const part of [/is running/, /vraftls lsp/, /vraftls 1\.2\.3/, /"root": "\/w"/]) {
        assert.match(shown, part);
    }
    assert.match(page({ health: "stopped" }, "", undefined), /is not running/);
});
