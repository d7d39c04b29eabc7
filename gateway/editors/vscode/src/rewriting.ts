// Code in another shape, when a person asks for it: lines joined, macros written out.

import { ResponseError } from "vscode-languageclient/node";
import type { LanguageClient, Range, TextEdit } from "vscode-languageclient/node";
import * as vscode from "vscode";

/** Where the page with what a macro becomes is; its suffix says to the editor what language it is in. */
export const EXPANSION_PAGE = vscode.Uri.parse("vraftls-expansion:/expansion.rs");

/** What a macro becomes. */
interface Expansion {
    readonly name: string;
    readonly expansion: string;
}

/** Puts the selected lines of the editor in front onto one, as its language wants it; by the editor's own rules where nobody knows better. */
export async function joinLines(client: LanguageClient, editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    const { version } = document;
    const ranges: Range[] = editor.selections.map((selection) => client.code2ProtocolConverter.asRange(selection));
    let edits: TextEdit[];
    try {
        edits = await client.sendRequest<TextEdit[]>("experimental/joinLines", { textDocument: identifier(client, document), ranges });
    } catch (error) {
        if (error instanceof ResponseError) {
            await vscode.commands.executeCommand("editor.action.joinLines");
            return;
        }
        throw error;
    }
    // Who types on meanwhile wants something else.
    if (document.version !== version) {
        return;
    }
    await editor.edit((builder) => {
        for (const edit of edits) {
            builder.replace(client.protocol2CodeConverter.asRange(edit.range), edit.newText);
        }
    });
}

/** What the macro at the cursor becomes, as a page; what there is to say where it is none. */
export async function expandMacro(client: LanguageClient, editor: vscode.TextEditor): Promise<string> {
    const found = await client.sendRequest<Expansion | null>("rust-analyzer/expandMacro", {
        textDocument: identifier(client, editor.document),
        position: client.code2ProtocolConverter.asPosition(editor.selection.active),
    });
    return found === null
        ? "// There is no macro at the cursor that can be expanded.\n"
        : `// What \`${found.name}\` becomes, all that it calls expanded too\n\n${found.expansion}\n`;
}

function identifier(client: LanguageClient, document: vscode.TextDocument): { uri: string } {
    return { uri: client.code2ProtocolConverter.asUri(document.uri) };
}
