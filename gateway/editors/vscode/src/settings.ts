// What the user decided, read once and checked. Pure: it is handed a way to read values and knows no editor.

/** How settings are read: the value at a key below `vraftls`, whatever its type. */
export type Read = (key: string) => unknown;

/** What decides how the server is reached. */
export interface Settings {
    /** The program; empty for the one on the `PATH`. */
    readonly path: string;
    /** What follows `vraftls lsp`. */
    readonly arguments: readonly string[];
    /** A server that listens; empty to start one. */
    readonly address: string;
    /** The nodes of a cluster; none for an embedded node. */
    readonly cluster: readonly string[];
    /** Where an embedded node keeps its data; empty for the server's own choice. */
    readonly dataDir: string;
    /** The languages that the server is asked about; empty for all that it answers for. */
    readonly languages: readonly string[];
}

/** The keys whose change asks for a new server; all others the server is told of. */
export const RESTARTING_KEYS = ["server.path", "server.arguments", "server.address", "cluster", "dataDir", "languages"] as const;

/** Reads the settings. A value of a wrong type counts as not set: the editor underlines it already. */
export function readSettings(read: Read): Settings {
    return {
        path: text(read("server.path")),
        arguments: texts(read("server.arguments")),
        address: text(read("server.address")),
        cluster: texts(read("cluster")),
        dataDir: text(read("dataDir")),
        languages: texts(read("languages")),
    };
}

/** The words after the program's name. `folder` stands for `${workspaceFolder}`, `home` for a leading `~`. */
export function serverArguments(settings: Settings, folder: string | undefined, home: string): string[] {
    const words = ["lsp"];
    if (settings.cluster.length > 0) {
        words.push("--cluster", settings.cluster.join(","));
    }
    if (settings.dataDir !== "") {
        words.push("--data-dir", expand(settings.dataDir, folder, home));
    }
    return words.concat(settings.arguments.map((word) => expand(word, folder, home)));
}

/** Replaces `${workspaceFolder}` and a leading `~`. */
export function expand(value: string, folder: string | undefined, home: string): string {
    const atHome = value === "~" || value.startsWith("~/") || value.startsWith("~\\") ? home + value.slice(1) : value;
    return folder === undefined ? atHome : atHome.replaceAll("${workspaceFolder}", folder);
}

function text(value: unknown): string {
    return typeof value === "string" ? value.trim() : "";
}

function texts(value: unknown): string[] {
    return Array.isArray(value) ? value.map(text).filter((one) => one !== "") : [];
}
