// The built extension in a stand-in for the editor, with the real server: `node real.js ROOT PROGRAM ARGUMENTS...`, or
// `node real.js ROOT ADDRESS` for one that listens.
//
// Exits with 0 if the project of orders is served as it should be.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { Position, StandIn } from "./stand-in";
import type { Location, Uri } from "./stand-in";

const PATH = "src/orders/pricing.py";

/** A place with the range that led there. */
interface Link {
    readonly targetUri: Uri;
}

async function run(root: string, target: string, words: readonly string[]): Promise<void> {
    const editor = new StandIn(root);
    const listens = target.includes("://");
    editor.set(listens ? { "server.address": target } : { "server.path": target, "server.arguments": words });
    const extension = editor.load(resolve(__dirname, "../extension.js"));
    await extension.activate(editor.context);
    await editor.until((item) => item.text === "$(check) VRaftLS");
    assert.deepEqual(editor.messages, []);

    const text = readFileSync(join(root, PATH), "utf8");
    const document = editor.open(PATH, "python", text);
    const line = text.split("\n").findIndex((one) => one.includes("line.price()"));
    const column = text.split("\n")[line]?.indexOf("price()") ?? -1;
    const at = new Position(line, column);
    const found = (await editor.ask("registerDefinitionProvider", "provideDefinition", document, at)) as (Location | Link)[];
    const paths = found.map((one) => ("targetUri" in one ? one.targetUri : one.uri).fsPath);
    assert.deepEqual(paths, [join(root, "src/orders/model.py")]);

    await editor.commands.get("vraftls.showStatus")?.();
    assert.match(editor.shown.join(""), /server +vraftls \d/);
    await extension.deactivate();
    assert.equal(editor.item.text, "$(debug-disconnect) VRaftLS");
    editor.dispose();
}

const [root = "", target = "", ...words] = process.argv.slice(2);
run(root, target, words).then(
    () => process.exit(0),
    (error: unknown) => {
        console.error(error);
        process.exit(1);
    },
);
