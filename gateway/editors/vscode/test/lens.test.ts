// The arguments of lenses, which come from the wire.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readReferences } from "../src/lens";

const position = { line: 1, character: 2 };
const location = { uri: "file:///a", range: { start: position, end: position } };

test("address, position and locations", () => {
    assert.deepEqual(readReferences(["file:///a", position, [location]]), { uri: "file:///a", position, locations: [location] });
    assert.deepEqual(readReferences(["file:///a", position]), { uri: "file:///a", position, locations: undefined });
});

test("what is no location is left out, what is no place is nothing", () => {
    const broken = [null, 7, {}, { uri: "file:///a" }, { uri: "file:///a", range: {} }, { uri: 1, range: location.range }];
    assert.deepEqual(readReferences(["file:///a", position, [...broken, location]])?.locations, [location]);
    for (const words of [[], ["file:///a"], [1, position], ["file:///a", { line: 1 }], ["file:///a", null]]) {
        assert.equal(readReferences(words), undefined);
    }
});
