// What the server says of itself, as a line for the status bar and a page for the curious. Pure.

/** How the server is. */
export type Health = "starting" | "ok" | "warning" | "error" | "stopped";

/** What the status bar shows. */
export interface Line {
    readonly text: string;
    readonly tooltip: string;
    /** Whether it asks for attention, and how much. */
    readonly emphasis: "none" | "warning" | "error";
}

/** What is known: the health, a sentence about it if there is one, and the server's own answer if it gives one. */
export interface Status {
    readonly health: Health;
    readonly message?: string;
    readonly details?: unknown;
}

const ICONS: Readonly<Record<Health, string>> = {
    starting: "$(sync~spin)",
    ok: "$(check)",
    warning: "$(warning)",
    error: "$(error)",
    stopped: "$(debug-disconnect)",
};

const WORDS: Readonly<Record<Health, string>> = {
    starting: "is starting",
    ok: "is running",
    warning: "is running, but something needs attention",
    error: "does not work",
    stopped: "is not running",
};

/**
 * Reads an answer of `vraftls/status`. A server that answers is running, whatever the answer looks like: a newer one may say
 * things that this extension does not know.
 */
export function readStatus(answer: unknown): Status {
    if (typeof answer !== "object" || answer === null) {
        return { health: "ok" };
    }
    const { health, message, folders } = answer as { health?: unknown; message?: unknown; folders?: unknown };
    const known = health === "warning" || health === "error" ? health : "ok";
    const said = typeof message === "string" && message !== "" ? [message] : [];
    const sentences = [...said, ...(Array.isArray(folders) ? folders.flatMap(folderSentence) : [])];
    return { health: known, ...(sentences.length > 0 ? { message: sentences.join("\n") } : {}), details: answer };
}

/** How a folder stands, if the server says so. */
function folderSentence(folder: unknown): string[] {
    const { root, phase, done, files } = (folder ?? {}) as Record<string, unknown>;
    if (typeof root !== "string" || typeof phase !== "string" || typeof files !== "number") {
        return [];
    }
    return [phase === "ready" ? `${root}: ${files} files` : `${root}: ${phase} ${Number(done)} of ${files} files`];
}

/** The line in the status bar. `what` tells how the server is reached. */
export function line(status: Status, what: string): Line {
    const said = status.message === undefined ? "" : `\n\n${status.message.replaceAll("\n", "\n\n")}`;
    const reached = what === "" ? "" : `\n\n\`${what}\``;
    return {
        text: `${ICONS[status.health]} VRaftLS`,
        tooltip: `VRaftLS ${WORDS[status.health]}.${said}${reached}`,
        emphasis: status.health === "warning" || status.health === "error" ? status.health : "none",
    };
}

/** The page of the command that shows the status. */
export function page(status: Status, what: string, serverInfo: { name: string; version?: string | undefined } | undefined): string {
    const lines = [`VRaftLS ${WORDS[status.health]}.`];
    if (status.message !== undefined) {
        lines.push(status.message);
    }
    lines.push("", `reached by  ${what}`);
    if (serverInfo !== undefined) {
        lines.push(`server      ${[serverInfo.name, serverInfo.version ?? ""].join(" ").trim()}`);
    }
    if (status.details !== undefined) {
        lines.push("", JSON.stringify(status.details, null, 2));
    }
    return `${lines.join("\n")}\n`;
}
