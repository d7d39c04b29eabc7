// The arguments of the server's code lenses, which are the same for every editor. Pure.

/** A place as the protocol has it. */
export interface Position {
    readonly line: number;
    readonly character: number;
}

/** A range in a file as the protocol has it. */
export interface Location {
    readonly uri: string;
    readonly range: { readonly start: Position; readonly end: Position };
}

/** What a lens about references leads to. */
export interface References {
    readonly uri: string;
    readonly position: Position;
    /** What was found already; otherwise it must be asked for. */
    readonly locations: readonly Location[] | undefined;
}

/** Reads the arguments of the command, which are those that other servers give: address, position, locations. */
export function readReferences(words: readonly unknown[]): References | undefined {
    const [uri, position, locations] = words;
    if (typeof uri !== "string" || !isPosition(position)) {
        return undefined;
    }
    return { uri, position, locations: Array.isArray(locations) ? locations.filter(isLocation) : undefined };
}

function isPosition(value: unknown): value is Position {
    return isObject(value) && typeof value["line"] === "number" && typeof value["character"] === "number";
}

function isLocation(value: unknown): value is Location {
    if (!isObject(value) || typeof value["uri"] !== "string" || !isObject(value["range"])) {
        return false;
    }
    return isPosition(value["range"]["start"]) && isPosition(value["range"]["end"]);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null;
}
