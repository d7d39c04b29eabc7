// The built extension in a stand-in for the editor, with a server of few words.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { spawn } from "node:child_process";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { Front, Position, Range, StandIn } from "./stand-in";
import type { Location } from "./stand-in";

const EXTENSION = resolve("dist/extension.js");
const SERVER = resolve("dist/test/server.js");

/** A program that can be started by its name alone. */
function program(test: TestContext, words: readonly string[], status?: unknown): string {
    const folder = mkdtempSync(join(tmpdir(), "vraftls-extension-"));
    test.after(() => { rmSync(folder, { recursive: true }); });
    const path = join(folder, "vraftls");
    const environment = status === undefined ? "" : `VRAFTLS_TEST_STATUS='${typeof status === "string" ? status : JSON.stringify(status)}' `;
    writeFileSync(path, `#!/bin/sh\n${environment}exec '${process.execPath}' '${SERVER}' "$@" ${words.join(" ")}\n`);
    chmodSync(path, 0o755);
    return path;
}

async function activated(test: TestContext, settings: Record<string, unknown>): Promise<StandIn> {
    const editor = new StandIn(process.cwd());
    editor.set(settings);
    const extension = editor.load(EXTENSION);
    await extension.activate(editor.context);
    test.after(async () => {
        await extension.deactivate();
        editor.dispose();
        assert.deepEqual([...editor.commands.keys()], [], "what was registered is gone");
    });
    return editor;
}

test("a server is started, answers, and says how it is", async (test) => {
    const path = program(test, [], { health: "warning", message: "1 of 3 nodes is out of reach" });
    const editor = await activated(test, { "server.path": path });
    await editor.until((item) => item.text === "$(warning) VRaftLS");
    assert.match(editor.item.tooltip?.value ?? "", /1 of 3 nodes is out of reach/);
    assert.equal(editor.item.backgroundColor?.id, "statusBarItem.warningBackground");

    const document = editor.open("a.py", "python", "x = 1\n");
    const found = (await editor.ask("registerDefinitionProvider", "provideDefinition", document, new Position(0, 3))) as Location;
    assert.equal(found.range.start.character, 3);

    await editor.commands.get("vraftls.showStatus")?.();
    assert.match(editor.shown.join(""), /few words .*"vraftls\.showReferences"/);
    assert.deepEqual(editor.messages, []);
});

test("a server that knows no status is running", async (test) => {
    const editor = await activated(test, { "server.path": program(test, []) });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    await editor.commands.get("vraftls.showStatus")?.();
    assert.match(editor.shown.join(""), /is running/);
    assert.deepEqual(editor.messages, []);
});

test("a missing program is told with a way to the settings, and a corrected setting starts it", async (test) => {
    const editor = await activated(test, { "server.path": "/nowhere/vraftls" });
    assert.equal(editor.item.text, "$(error) VRaftLS");
    const [message, ...choices] = editor.messages[0] ?? [];
    assert.match(String(message), /\/nowhere\/vraftls.*no program is there/);
    assert.deepEqual(choices, ["Open Settings", "Show Log"]);

    editor.set({ "server.path": program(test, []) });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    assert.equal(editor.messages.length, 1);
});

test("a program that is no server is told", async (test) => {
    const editor = await activated(test, { "server.path": "/bin/false" });
    assert.equal(editor.item.text, "$(error) VRaftLS");
    assert.match(String(editor.messages.at(-1)?.[0]), /does not start/);
});

test("the languages are those that the server announces", async (test) => {
    const editor = await activated(test, { "server.path": program(test, ["rust", "python"]) });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    const [registered] = [...editor.providers].filter((one) => one.what === "registerDefinitionProvider");
    const selector = registered?.selector as { language: string; scheme: string }[];
    assert.deepEqual(selector.map(({ scheme, language }) => `${scheme} ${language}`), [
        "file python", "vscode-notebook-cell python", "file rust", "vscode-notebook-cell rust",
    ]);
});

test("of these, users may leave some to other extensions", async (test) => {
    const editor = await activated(test, { "server.path": program(test, ["rust", "python"]), languages: ["python"] });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    const [registered] = [...editor.providers].filter((one) => one.what === "registerDefinitionProvider");
    const selector = registered?.selector as { language: string }[];
    assert.deepEqual([...new Set(selector.map(({ language }) => language))], ["python"]);
});

test("a restart leaves one server", async (test) => {
    const editor = await activated(test, { "server.path": program(test, []) });
    await editor.commands.get("vraftls.restart")?.();
    await editor.until((item) => item.text === "$(check) VRaftLS");
    assert.equal([...editor.providers].filter((one) => one.what === "registerDefinitionProvider").length, 1);
});

test("a server that never gets ready does not keep the next one waiting", async (test) => {
    const editor = new StandIn(process.cwd());
    editor.set({ "server.path": program(test, [], "mute") });
    const extension = editor.load(EXTENSION);
    const activated = extension.activate(editor.context);
    await editor.until((item) => item.text === "$(sync~spin) VRaftLS");
    editor.set({ "server.path": program(test, []) });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    await activated;
    await extension.deactivate();
    editor.dispose();
});

test("a lens about references opens the editor's own view of them", async (test) => {
    const editor = await activated(test, { "server.path": program(test, []) });
    const position = { line: 1, character: 2 };
    const location = { uri: "file:///w/b.py", range: { start: position, end: position } };
    await editor.commands.get("vraftls.showReferences")?.("file:///w/a.py", position, [location]);
    const [command, uri, at, locations] = editor.executed.at(-1) ?? [];
    assert.equal(command, "editor.action.showReferences");
    assert.equal(String(uri), "file:///w/a.py");
    assert.deepEqual(at, new Position(1, 2));
    assert.equal(String((locations as Location[])[0]?.uri), "file:///w/b.py");
});

test("lines are joined as the server says, or as the editor does", async (test) => {
    const editor = await activated(test, { "server.path": program(test, ["rust"]) });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    const document = editor.open("a.rs", "rust", "a\nb\nc\n");
    await editor.commands.get("vraftls.joinLines")?.();
    const ranges = [new Range(1, 0, 1, 1), new Range(2, 0, 2, 0)];
    const front = (editor.front = new Front(document, ranges));
    await editor.commands.get("vraftls.joinLines")?.();
    assert.deepEqual(front.edited, ranges.map((range) => [range, " "]));
    assert.deepEqual(editor.executed, []);

    editor.front = new Front(document, [new Range(0, 0, 0, 0)]);
    await editor.commands.get("vraftls.joinLines")?.();
    assert.deepEqual(editor.executed, [["editor.action.joinLines"]]);
    assert.deepEqual(editor.messages, []);
});

test("a macro is shown as what it becomes", async (test) => {
    const editor = await activated(test, { "server.path": program(test, ["rust"]) });
    await editor.until((item) => item.text === "$(check) VRaftLS");
    const document = editor.open("a.rs", "rust", "a\nb\n");
    for (const line of [1, 0]) {
        editor.front = new Front(document, [new Range(line, 0, line, 0)]);
        await editor.commands.get("vraftls.expandMacro")?.();
    }
    assert.match(editor.shown[0] ?? "", /`word!`.*\n\none \+ 1\n$/);
    assert.match(editor.shown[1] ?? "", /no macro at the cursor/);
    assert.deepEqual(editor.messages, []);
});

test("a server that listens is connected to", async (test) => {
    const listener = createServer((socket) => {
        const child = spawn(process.execPath, [SERVER], { stdio: ["pipe", "pipe", "inherit"] });
        socket.pipe(child.stdin);
        child.stdout.pipe(socket);
    });
    test.after(() => { listener.close(); });
    await new Promise<void>((listening) => { listener.listen(0, "127.0.0.1", listening); });
    const { port } = listener.address() as AddressInfo;
    const editor = await activated(test, { "server.address": `tcp://127.0.0.1:${port}` });
    await editor.until((item) => item.text === "$(check) VRaftLS");
});
