// The languages that a server announces.

import assert from "node:assert/strict";
import { test } from "node:test";

import { announcedLanguages, chosenLanguages, sameLanguages } from "../src/languages";

test("languages are announced in the experimental capabilities", () => {
    assert.deepEqual(announcedLanguages({ experimental: { languages: ["rust", "python", "rust", "", 7] } }), ["python", "rust"]);
    for (const capabilities of [undefined, {}, { experimental: null }, { experimental: {} }, { experimental: { languages: 1 } }]) {
        assert.equal(announcedLanguages(capabilities), undefined);
    }
});

test("users choose among the languages that are announced", () => {
    assert.deepEqual(chosenLanguages(["python", "rust"], []), ["python", "rust"]);
    assert.deepEqual(chosenLanguages(["python", "rust"], ["rust", "go"]), ["rust"]);
});

test("sets are compared without their order", () => {
    assert.ok(sameLanguages(["a", "b"], ["b", "a"]));
    assert.ok(!sameLanguages(["a"], ["a", "b"]));
    assert.ok(!sameLanguages(["a", "c"], ["a", "b"]));
});
