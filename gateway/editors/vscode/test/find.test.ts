// Where the program is looked for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { findServer } from "../src/find";
import type { Machine } from "../src/find";

const machine = (platform: string, environment: Record<string, string>, files: string[]): Machine => ({
    platform,
    environment,
    isExecutable: (path) => files.includes(path),
});

test("the first one on the path is taken", () => {
    const unix = machine("linux", { PATH: "/a:/b:/c" }, ["/b/vraftls", "/c/vraftls"]);
    assert.deepEqual(findServer("", unix), { path: "/b/vraftls" });
});

test("the current folder is never looked in", () => {
    for (const PATH of ["", ":", ".", "bin"]) {
        const found = findServer("", machine("linux", { PATH }, ["vraftls", "./vraftls", "bin/vraftls"]));
        assert.match("problem" in found ? found.problem : "", /not on the PATH/);
    }
});

test("Windows has suffixes and its own idea of the variable's name", () => {
    const windows = machine("win32", { Path: "C:\\a;C:\\b" }, ["C:\\b\\vraftls.exe"]);
    assert.deepEqual(findServer("", windows), { path: "C:\\b\\vraftls.exe" });
    assert.deepEqual(findServer("C:\\b\\vraftls", windows), { path: "C:\\b\\vraftls.exe" });
});

test("a setting is taken at its word", () => {
    const unix = machine("linux", { PATH: "/a" }, ["/a/vraftls", "/a/other", "/x/vraftls"]);
    assert.deepEqual(findServer("/x/vraftls", unix), { path: "/x/vraftls" });
    assert.deepEqual(findServer("other", unix), { path: "/a/other" });
    for (const [setting, reason] of [
        ["/y/vraftls", /no program is there/],
        ["x/vraftls", /depends on where/],
        ["missing", /not on the PATH/],
    ] as const) {
        const found = findServer(setting, unix);
        assert.match("problem" in found ? found.problem : "", reason);
        assert.match("problem" in found ? found.problem : "", /vraftls\.server\.path/);
    }
});
