// The extension: starts the server, keeps it as the settings want it, and shows how it is.

import { LanguageClient, ResponseError, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import type { LanguageClientOptions, StaticFeature } from "vscode-languageclient/node";
import * as vscode from "vscode";

import { FIRST_LANGUAGES, announcedLanguages, chosenLanguages, sameLanguages } from "./languages";
import { readReferences } from "./lens";
import { EXPANSION_PAGE, expandMacro, joinLines } from "./rewriting";
import { reach } from "./server";
import { RESTARTING_KEYS, readSettings } from "./settings";
import { line, page, readStatus } from "./status";
import type { Status } from "./status";

const SECTION = "vraftls";
/** How often the server is asked how it is, in milliseconds, while the window has the focus. */
const STATUS_INTERVAL_MS = 10_000;
/** What the protocol says when a method is not there. */
const METHOD_NOT_FOUND = -32601;
/** The command of lenses about references: the server names it, the editor runs it. */
const SHOW_REFERENCES = "vraftls.showReferences";
/** The page that shows the status; nobody can edit it. */
const PAGE = vscode.Uri.parse("vraftls-status:VRaftLS%20status.txt");
/** Of what the server is asked about: files, and cells of notebooks, which the client tells it of by themselves. */
const SCHEMES: readonly string[] = ["file", "vscode-notebook-cell"];
/** Where the languages are remembered that the server announced. */
const LANGUAGES_KEY = "languages";

/** Says that lenses about references can be shown, which the server else counts alone. */
const COMMANDS: StaticFeature = {
    fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { commands: { commands: [SHOW_REFERENCES] } };
    },
    initialize: () => undefined,
    getState: () => ({ kind: "static" }),
    clear: () => undefined,
};

let running: Extension | undefined;

/** Called by the editor when the first file of a language is opened. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const extension = new Extension(context);
    running = extension;
    await extension.start();
}

/** Called by the editor in the end; it waits for the server's. */
export async function deactivate(): Promise<void> {
    const extension = running;
    running = undefined;
    await extension?.stop();
}

class Extension {
    readonly #context: vscode.ExtensionContext;
    readonly #log: vscode.LogOutputChannel;
    readonly #item: vscode.StatusBarItem;
    readonly #pageChanged = new vscode.EventEmitter<vscode.Uri>();
    readonly #expansionChanged = new vscode.EventEmitter<vscode.Uri>();
    /** What the page of expansions shows. */
    #expansion = "";
    #client: LanguageClient | undefined;
    /** Ends what is being started, or runs. */
    #giveUp = new AbortController();
    /** How the server is reached, in words. */
    #what = "";
    #status: Status = { health: "stopped" };
    /** Starts and stops, one after the other. */
    #turn: Promise<void> = Promise.resolve();
    #asksStatus = true;

    constructor(context: vscode.ExtensionContext) {
        this.#context = context;
        this.#log = vscode.window.createOutputChannel("VRaftLS", { log: true });
        this.#item = vscode.window.createStatusBarItem("vraftls.status", vscode.StatusBarAlignment.Right, 50);
        this.#item.name = "VRaftLS";
        this.#item.command = "vraftls.showStatus";
        const timer = setInterval(() => {
            if (vscode.window.state.focused) {
                void this.#refresh();
            }
        }, STATUS_INTERVAL_MS);
        const { registerCommand } = vscode.commands;
        context.subscriptions.push(
            this.#log,
            this.#item,
            this.#pageChanged,
            this.#expansionChanged,
            { dispose: () => { clearInterval(timer); } },
            vscode.workspace.registerTextDocumentContentProvider(PAGE.scheme, {
                onDidChange: this.#pageChanged.event,
                provideTextDocumentContent: () =>
                    page(this.#status, this.#what, this.#client?.initializeResult?.serverInfo),
            }),
            vscode.workspace.registerTextDocumentContentProvider(EXPANSION_PAGE.scheme, {
                onDidChange: this.#expansionChanged.event,
                provideTextDocumentContent: () => this.#expansion,
            }),
            registerCommand("vraftls.joinLines", () => this.#inEditor(joinLines)),
            registerCommand("vraftls.expandMacro", () => this.#inEditor((client, editor) => this.#expandMacro(client, editor))),
            registerCommand("vraftls.restart", () => this.restart()),
            registerCommand("vraftls.showLog", () => { this.#log.show(); }),
            registerCommand("vraftls.showStatus", () => this.#showStatus()),
            registerCommand(SHOW_REFERENCES, (...words: unknown[]) => this.#showReferences(words)),
            vscode.workspace.onDidChangeConfiguration((event) => {
                if (RESTARTING_KEYS.some((key) => event.affectsConfiguration(`${SECTION}.${key}`))) {
                    void this.restart();
                }
            }),
            vscode.workspace.onDidGrantWorkspaceTrust(() => void this.restart()),
        );
        this.#show({ health: "stopped" });
        this.#item.show();
    }

    start(): Promise<void> {
        return this.#inTurn(() => this.#start());
    }

    stop(): Promise<void> {
        this.#giveUpStarting();
        return this.#inTurn(() => this.#stop());
    }

    restart(): Promise<void> {
        this.#giveUpStarting();
        return this.#inTurn(async () => {
            await this.#stop();
            await this.#start();
        });
    }

    /** A server that never says that it is ready must not keep the next one waiting. */
    #giveUpStarting(): void {
        if (this.#client !== undefined && !this.#client.isRunning()) {
            this.#giveUp.abort();
        }
    }

    #inTurn(step: () => Promise<void>): Promise<void> {
        this.#turn = this.#turn.then(step).catch((error: unknown) => {
            this.#log.error(String(error));
        });
        return this.#turn;
    }

    async #start(): Promise<void> {
        const configuration = vscode.workspace.getConfiguration(SECTION);
        const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
        this.#giveUp = new AbortController();
        const settings = readSettings((key) => configuration.get(key));
        const reached = reach(settings, folder, this.#giveUp.signal);
        if ("problem" in reached) {
            this.#what = "";
            this.#show({ health: "error", message: reached.problem });
            void this.#tellProblem(reached.problem);
            return;
        }
        this.#what = reached.what;
        this.#asksStatus = true;
        this.#log.info(`starting: ${reached.what}`);
        const remembered = this.#context.workspaceState.get<readonly string[]>(LANGUAGES_KEY, FIRST_LANGUAGES);
        const started = await this.#startClient(reached.options, chosenLanguages(remembered, settings.languages));
        const announced = announcedLanguages(started?.initializeResult?.capabilities);
        if (started === undefined || announced === undefined || sameLanguages(announced, remembered)) {
            return;
        }
        // The client is told its languages before it starts, the server says them after: so this once it starts twice.
        this.#log.info(`the server answers for: ${announced.join(", ")}`);
        await this.#context.workspaceState.update(LANGUAGES_KEY, announced);
        await this.#stop();
        await this.#start();
    }

    async #startClient(
        server: ConstructorParameters<typeof LanguageClient>[2],
        languages: readonly string[],
    ): Promise<LanguageClient | undefined> {
        const options: LanguageClientOptions = {
            documentSelector: languages.flatMap((language) => SCHEMES.map((scheme) => ({ scheme, language }))),
            outputChannel: this.#log,
            revealOutputChannelOn: RevealOutputChannelOn.Never,
        };
        const client = new LanguageClient(SECTION, "VRaftLS", server, options);
        this.#client = client;
        client.registerFeature(COMMANDS);
        client.onDidChangeState(({ newState }) => {
            if (this.#client !== client) {
                return;
            }
            if (newState === State.Running) {
                this.#show({ health: "ok" });
                void this.#refresh();
            } else {
                this.#show({ health: newState === State.Starting ? "starting" : "stopped" });
            }
        });
        try {
            await client.start();
            return client;
        } catch (error) {
            const problem = `The server does not start: ${error instanceof Error ? error.message : String(error)}`;
            this.#client = undefined;
            this.#giveUp.abort();
            this.#log.error(problem);
            this.#show({ health: "error", message: problem });
            void this.#tellProblem(problem);
            return undefined;
        }
    }

    async #stop(): Promise<void> {
        const client = this.#client;
        this.#client = undefined;
        this.#show({ health: "stopped" });
        // One that broke while starting cannot be asked to stop. The process is not killed: it may stay, for sessions of other
        // editors on the same folder use its node.
        if (client?.needsStop() === true) {
            await client.stop();
        }
    }

    /** Asks the server how it is. */
    async #refresh(): Promise<void> {
        const client = this.#client;
        if (client?.state !== State.Running || !this.#asksStatus) {
            return;
        }
        let status: Status;
        try {
            status = readStatus(await client.sendRequest<unknown>("vraftls/status"));
        } catch (error) {
            if (error instanceof ResponseError && error.code === METHOD_NOT_FOUND) {
                // An older server: that it answers is all there is to know.
                this.#asksStatus = false;
                status = { health: "ok" };
            } else {
                status = { health: "warning", message: error instanceof Error ? error.message : String(error) };
            }
        }
        // Meanwhile it may have been stopped.
        if (this.#client === client && client.isRunning()) {
            this.#show(status);
        }
    }

    #show(status: Status): void {
        this.#status = status;
        const { text, tooltip, emphasis } = line(status, this.#what);
        this.#item.text = text;
        this.#item.tooltip = new vscode.MarkdownString(tooltip);
        this.#item.backgroundColor =
            emphasis === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${emphasis}Background`);
    }

    async #tellProblem(problem: string): Promise<void> {
        const settings = "Open Settings";
        const log = "Show Log";
        const choice = await vscode.window.showErrorMessage(problem, settings, log);
        if (choice === settings) {
            await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.server`);
        } else if (choice === log) {
            this.#log.show();
        }
    }

    async #showStatus(): Promise<void> {
        await this.#refresh();
        // What an earlier call opened may still be there.
        this.#pageChanged.fire(PAGE);
        await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(PAGE), { preview: true });
    }

    /** Does something in the editor in front, if the server runs. */
    async #inEditor(step: (client: LanguageClient, editor: vscode.TextEditor) => Promise<void>): Promise<void> {
        const client = this.#client;
        const editor = vscode.window.activeTextEditor;
        if (client?.isRunning() !== true || editor === undefined) {
            return;
        }
        try {
            await step(client, editor);
        } catch (error) {
            void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
        }
    }

    async #expandMacro(client: LanguageClient, editor: vscode.TextEditor): Promise<void> {
        this.#expansion = await expandMacro(client, editor);
        // What an earlier call opened may still be there.
        this.#expansionChanged.fire(EXPANSION_PAGE);
        const page = await vscode.workspace.openTextDocument(EXPANSION_PAGE);
        await vscode.window.showTextDocument(page, { preview: true, preserveFocus: true, viewColumn: vscode.ViewColumn.Beside });
    }

    /** What a lens about references does. */
    async #showReferences(words: readonly unknown[]): Promise<void> {
        const references = readReferences(words);
        const client = this.#client;
        if (references === undefined || client === undefined) {
            return;
        }
        const uri = vscode.Uri.parse(references.uri);
        const position = client.protocol2CodeConverter.asPosition(references.position);
        const locations =
            references.locations === undefined
                ? await vscode.commands.executeCommand<vscode.Location[]>("vscode.executeReferenceProvider", uri, position)
                : references.locations.map((location) => client.protocol2CodeConverter.asLocation(location));
        await vscode.commands.executeCommand("editor.action.showReferences", uri, position, locations);
    }
}
