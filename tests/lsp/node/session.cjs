// A session by the protocol library that VS Code and many web editors use, on the project of orders.
//
//     node session.cjs stdio PUSH|PULL ROOT COMMAND...
//     node session.cjs ws://ADDRESS PUSH|PULL ROOT
//
// Over a WebSocket each message is a bare JSON object, as from browsers. Exits with 0 if everything was as it should be.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const protocol = require("vscode-languageserver-protocol/node");
const { AbstractMessageReader, AbstractMessageWriter } = require("vscode-jsonrpc/node");
const { WebSocket } = require("ws");

/** How long anything is waited for, in milliseconds. Generous: a loaded machine is no failure. */
const DEADLINE_MS = 120_000;
/** How many requests are called off at once. */
const N_CANCELLED = 50;

class WebSocketReader extends AbstractMessageReader {
    constructor(socket) {
        super();
        this.socket = socket;
        socket.on("error", (error) => this.fireError(error));
        socket.on("close", () => this.fireClose());
    }

    listen(callback) {
        const take = (data, isBinary) => {
            assert.equal(isBinary, false, "messages are text");
            callback(JSON.parse(data.toString("utf8")));
        };
        this.socket.on("message", take);
        return { dispose: () => this.socket.off("message", take) };
    }
}

class WebSocketWriter extends AbstractMessageWriter {
    constructor(socket) {
        super();
        this.socket = socket;
    }

    write(message) {
        return new Promise((resolve, reject) => {
            this.socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
        });
    }

    end() {}
}

/** Waits, but not for ever. */
function within(what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} did not come within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A connection, and what comes when the other end is gone: the exit code of a process, nothing for a socket. */
async function connect(transport, command) {
    if (transport === "stdio") {
        const server = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
        process.on("exit", () => server.kill());
        const ended = new Promise((resolve, reject) => {
            server.once("error", reject);
            server.once("exit", (code, signal) => resolve(code ?? signal));
        });
        const reader = new protocol.StreamMessageReader(server.stdout);
        const writer = new protocol.StreamMessageWriter(server.stdin);
        return { connection: protocol.createProtocolConnection(reader, writer, console), ended, expectedEnd: 0 };
    }
    const socket = new WebSocket(transport);
    const ended = new Promise((resolve) => socket.once("close", (code) => resolve(code)));
    await within("a connection", new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject)));
    const connection = protocol.createProtocolConnection(new WebSocketReader(socket), new WebSocketWriter(socket), console);
    // 1000 is a close that was meant.
    return { connection, ended, expectedEnd: 1000 };
}

/** A document as an editor has it. */
class Document {
    constructor(connection, root, path) {
        this.connection = connection;
        this.uri = pathToFileURL(join(root, path)).href;
        this.text = readFileSync(join(root, path), "utf8");
        this.version = 1;
    }

    async open() {
        const textDocument = { uri: this.uri, languageId: "python", version: this.version, text: this.text };
        await this.connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, { textDocument });
        return this;
    }

    /** Replaces the first `old` by an incremental edit, and gives where the new text ends. */
    async replace(old, text) {
        const start = this.text.indexOf(old);
        assert.notEqual(start, -1, old);
        const range = { start: this.position(start), end: this.position(start + old.length) };
        this.text = this.text.slice(0, start) + text + this.text.slice(start + old.length);
        this.version += 1;
        const textDocument = { uri: this.uri, version: this.version };
        const contentChanges = [{ range, text }];
        await this.connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, { textDocument, contentChanges });
        return this.position(start + text.length);
    }

    /** The parameters of a request at the first `word`, `offset` characters into it. */
    at(word, offset = 0) {
        const found = this.text.indexOf(word);
        assert.notEqual(found, -1, word);
        return { textDocument: { uri: this.uri }, position: this.position(found + offset) };
    }

    position(offset) {
        const before = this.text.slice(0, offset);
        return { line: before.split("\n").length - 1, character: offset - (before.lastIndexOf("\n") + 1) };
    }

    /** The text of a line. */
    line(n) {
        return this.text.split("\n")[n];
    }
}

function capabilities(pulls) {
    return {
        general: { positionEncodings: ["utf-16"] },
        textDocument: {
            synchronization: { didSave: true },
            definition: { linkSupport: false },
            completion: { completionItem: { snippetSupport: true } },
            ...(pulls ? { diagnostic: {} } : { publishDiagnostics: { versionSupport: true } }),
        },
        workspace: { workspaceFolders: true },
        notebookDocument: { synchronization: { executionSummaryReport: true } },
    };
}

/** The diagnostics that the server publishes, by address, and whoever waits for some. */
class Published {
    constructor(connection) {
        this.waiting = new Set();
        this.last = new Map();
        connection.onNotification(protocol.PublishDiagnosticsNotification.type, (params) => {
            this.last.set(params.uri, params);
            for (const look of this.waiting) look();
        });
    }

    until(uri, wanted) {
        return within(
            `diagnostics of ${uri}`,
            new Promise((resolve) => {
                const look = () => {
                    const params = this.last.get(uri);
                    if (params !== undefined && wanted(params)) {
                        this.waiting.delete(look);
                        resolve(params.diagnostics);
                    }
                };
                this.waiting.add(look);
                look();
            }),
        );
    }
}

async function navigates(connection, pricing, model) {
    const [definition, ...others] = await connection.sendRequest(protocol.DefinitionRequest.type, pricing.at("price()"));
    assert.deepEqual(others, []);
    assert.equal(definition.uri, model.uri);
    assert.match(model.line(definition.range.start.line), /def price/);

    const context = { includeDeclaration: false };
    const references = await connection.sendRequest(protocol.ReferencesRequest.type, { ...model.at("price(self)"), context });
    const found = references.map(({ uri, range }) => [uri, range.start]);
    assert.deepEqual(found, [[pricing.uri, pricing.at("price()").position]]);
}

async function completes(connection, pricing) {
    const end = await pricing.replace("price = line.price()", "price = line.");
    const answer = await connection.sendRequest(protocol.CompletionRequest.type, {
        textDocument: { uri: pricing.uri },
        position: end,
        context: { triggerKind: protocol.CompletionTriggerKind.TriggerCharacter, triggerCharacter: "." },
    });
    const labels = (Array.isArray(answer) ? answer : answer.items).map((item) => item.label);
    for (const member of ["article", "quantity", "unit_price", "price"]) {
        assert.ok(labels.includes(member), `${member} is missing among ${labels}`);
    }
    await pricing.replace("price = line.", "price = line.price()");
}

async function diagnoses(connection, pricing, pulls, published) {
    const all = async (wanted) => {
        if (!pulls) return published.until(pricing.uri, (params) => params.version === pricing.version && wanted(params.diagnostics));
        const report = await connection.sendRequest(protocol.DocumentDiagnosticRequest.type, { textDocument: { uri: pricing.uri } });
        assert.equal(report.kind, "full");
        assert.ok(wanted(report.items), JSON.stringify(report.items));
        return report.items;
    };
    await all((items) => items.length === 0);
    await pricing.replace("quantity_min=0", 'quantity_min="none"');
    const [wrong] = await all((items) => items.length === 1);
    const marked = pricing.line(wrong.range.start.line).slice(wrong.range.start.character, wrong.range.end.character);
    assert.match(marked, /"none"/, JSON.stringify(wrong));
    assert.equal(wrong.severity, protocol.DiagnosticSeverity.Error);
    await pricing.replace('quantity_min="none"', "quantity_min=0");
    await all((items) => items.length === 0);
}

/** Whatever is called off is answered, once, and the server goes on. */
async function cancels(connection, pricing, model) {
    const context = { includeDeclaration: true };
    const asked = Array.from({ length: N_CANCELLED }, () => {
        const source = new protocol.CancellationTokenSource();
        const params = { ...model.at("class Order", 6), context };
        const answer = connection.sendRequest(protocol.ReferencesRequest.type, params, source.token);
        source.cancel();
        return answer.then(
            (locations) => assert.ok(locations.length > 0),
            (error) => assert.equal(error.code, protocol.LSPErrorCodes.RequestCancelled, String(error)),
        );
    });
    await Promise.all(asked);
    const hover = await connection.sendRequest(protocol.HoverRequest.type, pricing.at("price()"));
    assert.match(JSON.stringify(hover.contents), /What the line costs before discounts/);
}

/** Cells of a notebook are one module, and each is spoken of by itself. */
async function readsNotebooks(connection, root, model) {
    const cell = (name) => `vscode-notebook-cell:/nb.ipynb#${name}`;
    const text = (name, text) => ({ uri: cell(name), languageId: "python", version: 1, text });
    const code = (name) => ({ kind: protocol.NotebookCellKind.Code, document: cell(name) });
    const notebook = { uri: pathToFileURL(join(root, "nb.ipynb")).href, notebookType: "jupyter-notebook", version: 1 };
    await connection.sendNotification(protocol.DidOpenNotebookDocumentNotification.type, {
        notebookDocument: { ...notebook, cells: [code("one"), code("two")] },
        cellTextDocuments: [text("one", "%time\nfrom orders.model import Order"), text("two", "made = Order\nmade")],
    });
    const ask = (name, line, character) =>
        connection.sendRequest(protocol.DefinitionRequest.type, { textDocument: { uri: cell(name) }, position: { line, character } });
    const [made] = await ask("two", 1, 1);
    assert.deepEqual([made.uri, made.range.start], [cell("two"), { line: 0, character: 0 }]);
    const [order] = await ask("two", 0, 8);
    assert.equal(order.uri, model.uri);

    const array = { start: 1, deleteCount: 0, cells: [code("new")] };
    const edit = { range: { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } }, text: "späte" };
    await connection.sendNotification(protocol.DidChangeNotebookDocumentNotification.type, {
        notebookDocument: { uri: notebook.uri, version: 2 },
        change: {
            cells: {
                structure: { array, didOpen: [text("new", "\n# 😀\nspäte = 1")] },
                textContent: [{ document: { uri: cell("two"), version: 2 }, changes: [edit] }],
            },
        },
    });
    const [late] = await ask("two", 1, 2);
    assert.deepEqual([late.uri, late.range.start], [cell("new"), { line: 2, character: 0 }]);
    await connection.sendNotification(protocol.DidCloseNotebookDocumentNotification.type, {
        notebookDocument: { uri: notebook.uri },
        cellTextDocuments: ["one", "new", "two"].map((name) => ({ uri: cell(name) })),
    });
    await assert.rejects(ask("two", 0, 0), (error) => error.code === protocol.ErrorCodes.InvalidParams);
}

async function run(transport, pulls, root, command) {
    const { connection, ended, expectedEnd } = await connect(transport, command);
    const published = new Published(connection);
    connection.onError(([error]) => {
        throw error;
    });
    connection.onUnhandledNotification(() => {});
    connection.onRequest(protocol.RegistrationRequest.type, () => {});
    connection.onRequest(protocol.WorkDoneProgressCreateRequest.type, () => {});
    connection.listen();

    const rootUri = pathToFileURL(root).href;
    const params = {
        processId: process.pid,
        clientInfo: { name: "vscode-languageserver-protocol" },
        rootUri,
        workspaceFolders: [{ uri: rootUri, name: "orders" }],
        capabilities: capabilities(pulls),
    };
    const initialized = await within("initialize", connection.sendRequest(protocol.InitializeRequest.type, params));
    assert.equal(initialized.serverInfo.name, "vraftls");
    assert.equal(initialized.capabilities.positionEncoding, "utf-16");
    assert.equal(initialized.capabilities.textDocumentSync.change, protocol.TextDocumentSyncKind.Incremental);
    await connection.sendNotification(protocol.InitializedNotification.type, {});

    const pricing = await new Document(connection, root, "src/orders/pricing.py").open();
    const model = await new Document(connection, root, "src/orders/model.py").open();
    await within("navigation", navigates(connection, pricing, model));
    await within("completion", completes(connection, pricing));
    await within("diagnostics", diagnoses(connection, pricing, pulls, published));
    await within("cancellation", cancels(connection, pricing, model));
    assert.deepEqual(initialized.capabilities.notebookDocumentSync.notebookSelector, [{ cells: [{ language: "python" }] }]);
    await within("notebooks", readsNotebooks(connection, root, model));

    assert.equal(await within("shutdown", connection.sendRequest(protocol.ShutdownRequest.type)), null);
    await connection.sendNotification(protocol.ExitNotification.type);
    assert.equal(await within("the end", ended), expectedEnd);
}

const [transport, diagnostics, root, ...command] = process.argv.slice(2);
run(transport, diagnostics === "PULL", root, command).then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
