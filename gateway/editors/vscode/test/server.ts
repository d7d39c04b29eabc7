// A server of few words, for tests of the extension: `node server.js [LANGUAGE...]` announces these languages.
//
// It answers definitions with where it was asked, and `vraftls/status` with what `VRAFTLS_TEST_STATUS` has, or not at all. With
// `mute` there it never gets ready. Ranges become a space when their lines are joined, and there is a macro in each line; in the
// first line it has no word for the one, and nothing for the other.

import { createProtocolConnection, ResponseError, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver-protocol/node";
import type { DefinitionParams, InitializeParams, Range } from "vscode-languageserver-protocol/node";

const status = process.env["VRAFTLS_TEST_STATUS"];
/** The status of a server that never gets ready. */
const MUTE = "mute";
const languages = process.argv.slice(2).filter((word) => word !== "lsp");
const connection = createProtocolConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
const initialized = ({ capabilities }: InitializeParams) => ({
    // What the test cannot see otherwise.
    serverInfo: { name: "few words", version: JSON.stringify(capabilities.experimental) },
    capabilities: {
        textDocumentSync: 1,
        definitionProvider: true,
        ...(languages.length > 0 ? { experimental: { languages } } : {}),
    },
});
connection.onRequest("initialize", (params: InitializeParams) =>
    status === MUTE ? new Promise(() => undefined) : initialized(params),
);
connection.onRequest("textDocument/definition", ({ textDocument, position }: DefinitionParams) => ({
    uri: textDocument.uri,
    range: { start: position, end: position },
}));
connection.onRequest("experimental/joinLines", ({ ranges }: { ranges: Range[] }) =>
    ranges[0]?.start.line === 0
        ? new ResponseError(-32803, "few words and none for this")
        : ranges.map((range) => ({ range, newText: " " })),
);
connection.onRequest("rust-analyzer/expandMacro", ({ position }: DefinitionParams) =>
    position.line === 0 ? null : { name: "word!", expansion: "one + 1" },
);
if (status !== undefined && status !== MUTE) {
    connection.onRequest("vraftls/status", () => JSON.parse(status) as unknown);
}
connection.onRequest("shutdown", () => null);
connection.onNotification("exit", () => process.exit(0));
connection.listen();
