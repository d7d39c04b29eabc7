// Addresses, good and bad.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseAddress } from "../src/address";

test("addresses of both kinds", () => {
    assert.deepEqual(parseAddress("tcp://127.0.0.1:9257"), { kind: "tcp", host: "127.0.0.1", port: 9257 });
    assert.deepEqual(parseAddress("tcp://[::1]:9257"), { kind: "tcp", host: "::1", port: 9257 });
    assert.deepEqual(parseAddress("ws://localhost:9258"), { kind: "ws", url: "ws://localhost:9258/" });
    assert.deepEqual(parseAddress("ws://localhost/lsp?a=b"), { kind: "ws", url: "ws://localhost/lsp?a=b" });
});

test("what is none says why", () => {
    for (const [text, reason] of [
        ["", /no address/],
        ["127.0.0.1:9257", /no address/],
        ["localhost:9257", /neither/],
        ["http://localhost:9257", /neither/],
        ["tcp://localhost", /no host and port/],
        ["tcp://localhost:0", /no host and port/],
        ["tcp://localhost:99999", /no address/],
        ["tcp://:9257", /no/],
    ] as const) {
        const parsed = parseAddress(text);
        assert.match("problem" in parsed ? parsed.problem : "", reason, text);
    }
});
