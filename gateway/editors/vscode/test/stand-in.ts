// A stand-in for the editor: as much of its interface as the extension and the client library touch, without a window.
//
// What the extension shows and registers is kept for tests to look at. Classes that only carry values are made on demand, so
// this does not grow with every type of the protocol.

import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

type Listener = (event: unknown) => unknown;
type Words = readonly unknown[];

export class Disposable {
    readonly #dispose: () => void;
    constructor(dispose: () => void) {
        this.#dispose = dispose;
    }
    dispose(): void {
        this.#dispose();
    }
    static from(...all: { dispose: () => unknown }[]): Disposable {
        return new Disposable(() => {
            for (const one of all) one.dispose();
        });
    }
}

export class EventEmitter {
    readonly #listeners = new Set<Listener>();
    readonly event = (listener: Listener, self?: unknown, disposables?: Disposable[]): Disposable => {
        const bound: Listener = (event) => listener.call(self, event);
        this.#listeners.add(bound);
        const disposable = new Disposable(() => this.#listeners.delete(bound));
        disposables?.push(disposable);
        return disposable;
    };
    fire(event: unknown): void {
        for (const listener of [...this.#listeners]) listener(event);
    }
    dispose(): void {
        this.#listeners.clear();
    }
}

export class Uri {
    private constructor(readonly text: string) {}
    static parse(text: string): Uri {
        return new Uri(text);
    }
    static file(path: string): Uri {
        return new Uri(pathToFileURL(path).href);
    }
    get scheme(): string {
        return this.text.slice(0, this.text.indexOf(":"));
    }
    get fsPath(): string {
        return fileURLToPath(this.text);
    }
    toString(): string {
        return this.text;
    }
}

export class Position {
    constructor(
        readonly line: number,
        readonly character: number,
    ) {}
}

export class Range {
    readonly start: Position;
    readonly end: Position;
    constructor(...words: [Position, Position] | [number, number, number, number]) {
        if (words.length === 2) {
            [this.start, this.end] = words;
        } else {
            this.start = new Position(words[0], words[1]);
            this.end = new Position(words[2], words[3]);
        }
    }
}

export class Location {
    constructor(
        readonly uri: Uri,
        readonly range: Range,
    ) {}
}

class MarkdownString {
    constructor(readonly value: string) {}
}

class ThemeColor {
    constructor(readonly id: string) {}
}

class CancellationTokenSource {
    readonly #emitter = new EventEmitter();
    readonly token = { isCancellationRequested: false, onCancellationRequested: this.#emitter.event };
    cancel(): void {
        this.token.isCancellationRequested = true;
        this.#emitter.fire(undefined);
    }
    dispose(): void {
        this.#emitter.dispose();
    }
}

class CodeActionKind {
    constructor(readonly value: string) {}
    append(part: string): CodeActionKind {
        return new CodeActionKind(this.value === "" ? part : `${this.value}.${part}`);
    }
    static readonly Empty = new CodeActionKind("");
    static readonly QuickFix = new CodeActionKind("quickfix");
    static readonly Refactor = new CodeActionKind("refactor");
    static readonly RefactorExtract = new CodeActionKind("refactor.extract");
    static readonly RefactorInline = new CodeActionKind("refactor.inline");
    static readonly RefactorRewrite = new CodeActionKind("refactor.rewrite");
    static readonly Source = new CodeActionKind("source");
    static readonly SourceOrganizeImports = new CodeActionKind("source.organizeImports");
}

/** A provider that was registered, and for which documents. */
export interface Registered {
    readonly what: string;
    readonly selector: unknown;
    readonly provider: Record<string, (...words: unknown[]) => unknown>;
}

/** An editor with selections, and the edits that were made in it. */
export class Front {
    readonly edited: [Range, string][] = [];
    constructor(
        readonly document: unknown,
        readonly selections: readonly Range[],
    ) {}
    get selection(): { active: Position | undefined } {
        return { active: this.selections[0]?.end };
    }
    edit(make: (builder: { replace: (range: Range, text: string) => void }) => void): Promise<boolean> {
        make({ replace: (range, text) => this.edited.push([range, text]) });
        return Promise.resolve(true);
    }
}

interface PageProvider {
    provideTextDocumentContent: (uri: Uri) => string;
}

export class StandIn {
    /** What is set below `vraftls`. */
    readonly settings = new Map<string, unknown>();
    readonly providers = new Set<Registered>();
    readonly commands = new Map<string, (...words: unknown[]) => unknown>();
    /** Commands of the editor itself that were asked for. */
    readonly executed: Words[] = [];
    /** Messages that were shown, each with its choices. */
    readonly messages: Words[] = [];
    /** The editor in front, if a test put one there. */
    front: Front | undefined;
    /** Documents that were shown. */
    readonly shown: string[] = [];
    readonly log: string[] = [];
    readonly item: { text: string; tooltip?: MarkdownString; backgroundColor?: ThemeColor | undefined; [key: string]: unknown };
    readonly context: { subscriptions: { dispose: () => unknown }[]; workspaceState: unknown };
    readonly #root: string;
    readonly #documents: unknown[] = [];
    readonly #state = new Map<string, unknown>();
    readonly #pages = new Map<string, PageProvider>();
    readonly #opened = new EventEmitter();
    readonly #configured = new EventEmitter();
    readonly #drawn = new EventEmitter();

    constructor(root: string) {
        this.#root = root;
        const drawn = this.#drawn;
        this.item = new Proxy(
            { text: "", show: () => undefined, hide: () => undefined, dispose: () => undefined },
            {
                set: (item, key, value) => {
                    const is = Reflect.set(item, key, value);
                    drawn.fire(undefined);
                    return is;
                },
            },
        );
        this.context = {
            subscriptions: [],
            workspaceState: {
                get: (key: string, otherwise: unknown) => this.#state.get(key) ?? otherwise,
                update: (key: string, value: unknown) => {
                    this.#state.set(key, value);
                    return Promise.resolve();
                },
            },
        };
    }

    /** Loads the extension as the editor does. */
    load(path: string): { activate: (context: unknown) => Promise<void>; deactivate: () => Promise<void> } {
        const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
        const original = loader._load;
        const module = this.module();
        loader._load = (name, ...rest) => (name === "vscode" ? module : original.call(loader, name, ...rest));
        try {
            const require = createRequire(join(process.cwd(), "package.json"));
            Reflect.deleteProperty(require.cache, require.resolve(path));
            return require(path) as ReturnType<StandIn["load"]>;
        } finally {
            loader._load = original;
        }
    }

    /** Opens a document, as a person does. */
    open(path: string, languageId: string, text: string): unknown {
        const lines = text.split("\n");
        const uri = Uri.file(join(this.#root, path));
        const document = {
            uri,
            fileName: uri.fsPath,
            languageId,
            version: 1,
            isClosed: false,
            isDirty: false,
            isUntitled: false,
            lineCount: lines.length,
            getText: () => text,
        };
        this.#documents.push(document);
        this.#opened.fire(document);
        return document;
    }

    /** Changes settings, as a person does. */
    set(values: Record<string, unknown>): void {
        for (const [key, value] of Object.entries(values)) this.settings.set(key, value);
        const keys = Object.keys(values).map((key) => `vraftls.${key}`);
        this.#configured.fire({
            affectsConfiguration: (section: string) => keys.some((key) => key === section || key.startsWith(`${section}.`)),
        });
    }

    /** Waits until the status bar shows what is `wanted`. */
    async until(wanted: (item: StandIn["item"]) => boolean): Promise<void> {
        const shown: string[] = [];
        await new Promise<void>((resolve, reject) => {
            const late = setTimeout(() => {
                reject(new Error(`waited in vain; the status bar showed ${shown.join(", ")}; the log:\n${this.log.join("\n")}`));
            }, 60_000);
            const look = (): void => {
                shown.push(this.item.text);
                if (wanted(this.item)) {
                    listening.dispose();
                    clearTimeout(late);
                    resolve();
                }
            };
            const listening = this.#drawn.event(look);
            look();
        });
    }

    /** Asks the providers of a kind, one of which must be there. */
    async ask(what: string, method: string, ...words: unknown[]): Promise<unknown> {
        const { token } = new CancellationTokenSource();
        for (const registered of this.providers) {
            if (registered.what === what) return await registered.provider[method]?.(...words, token);
        }
        throw new Error(`nobody provides ${what}`);
    }

    /** Ends what the extension left in the care of the editor. */
    dispose(): void {
        for (const one of this.context.subscriptions.reverse()) one.dispose();
    }

    /** The module `vscode`. */
    module(): object {
        const named: Record<string, unknown> = {
            version: "1.91.0",
            Disposable,
            EventEmitter,
            Uri,
            Position,
            Range,
            Location,
            MarkdownString,
            ThemeColor,
            CodeActionKind,
            CancellationTokenSource,
            CancellationError: class extends Error {},
            StatusBarAlignment: { Left: 1, Right: 2 },
            ViewColumn: { Active: -1, Beside: -2 },
            LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
            workspace: this.#workspace(),
            window: this.#window(),
            languages: this.#languages(),
            commands: this.#commands(),
            env: { language: "en", appName: "stand-in" },
        };
        return new Proxy(named, { get: (all, name: string) => (all[name] ??= valueClass()) });
    }

    #workspace(): object {
        const folder = { uri: Uri.file(this.#root), name: "project", index: 0 };
        return namespace({
            textDocuments: this.#documents,
            notebookDocuments: [],
            workspaceFolders: [folder],
            getWorkspaceFolder: () => folder,
            onDidOpenTextDocument: this.#opened.event,
            onDidChangeConfiguration: this.#configured.event,
            getConfiguration: () => ({ get: (key: string, otherwise?: unknown) => this.settings.get(key) ?? otherwise }),
            createFileSystemWatcher: () => namespace({ dispose: () => undefined }),
            registerTextDocumentContentProvider: (scheme: string, provider: PageProvider) => {
                this.#pages.set(scheme, provider);
                return new Disposable(() => this.#pages.delete(scheme));
            },
            openTextDocument: (uri: Uri) =>
                Promise.resolve({ content: this.#pages.get(uri.scheme)?.provideTextDocumentContent(uri) }),
        });
    }

    #window(): object {
        const front = (): Front | undefined => this.front;
        const tell = (...words: unknown[]): Promise<undefined> => {
            this.messages.push(words);
            return Promise.resolve(undefined);
        };
        const write = (...words: unknown[]): void => {
            this.log.push(words.map(String).join(" "));
        };
        const channel = { name: "VRaftLS", logLevel: 3, append: write, appendLine: write, trace: write, debug: write, info: write, warn: write, error: write };
        return namespace({
            state: { focused: true },
            visibleTextEditors: [],
            get activeTextEditor() {
                return front();
            },
            tabGroups: namespace({ all: [] }),
            createOutputChannel: () => namespace({ ...channel, show: () => undefined, dispose: () => undefined }),
            createStatusBarItem: () => this.item,
            showErrorMessage: tell,
            showWarningMessage: tell,
            showInformationMessage: tell,
            withProgress: (_: unknown, task: (progress: unknown, token: unknown) => unknown) =>
                task({ report: () => undefined }, new CancellationTokenSource().token),
            showTextDocument: ({ content }: { content: string }) => {
                this.shown.push(content);
                return Promise.resolve();
            },
        });
    }

    #languages(): object {
        const collection = { name: "vraftls", set: () => undefined, delete: () => undefined, clear: () => undefined, dispose: () => undefined };
        const named = { createDiagnosticCollection: () => collection, match: () => 10 };
        return new Proxy(named, {
            get: (all, name: string) =>
                (Reflect.get(all, name) as unknown) ??
                ((selector: unknown, provider: Registered["provider"]) => {
                    const registered = { what: name, selector, provider };
                    this.providers.add(registered);
                    return new Disposable(() => this.providers.delete(registered));
                }),
        });
    }

    #commands(): object {
        return {
            registerCommand: (name: string, command: (...words: unknown[]) => unknown) => {
                if (this.commands.has(name)) throw new Error(`command '${name}' already exists`);
                this.commands.set(name, command);
                return new Disposable(() => this.commands.delete(name));
            },
            executeCommand: (...words: unknown[]) => {
                this.executed.push(words);
                return Promise.resolve(undefined);
            },
        };
    }
}

/** A class that only carries what is set on it. */
function valueClass(): unknown {
    return class {
        [key: string]: unknown;
    };
}

/** A namespace whose events that nobody fires are there all the same. */
function namespace(named: Record<string, unknown>): object {
    const quiet = new EventEmitter();
    return new Proxy(named, {
        get: (all, name: string) => all[name] ?? (/^on(Did|Will)/.test(name) ? quiet.event : undefined),
    });
}
