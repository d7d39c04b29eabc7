// Where the server's program lies. Pure but for the question whether a file can be run, which is handed in.

import { posix, win32 } from "node:path";

/** What is known of the machine. */
export interface Machine {
    /** As `process.platform`. */
    readonly platform: string;
    /** As `process.env`. */
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** Whether there is a file that can be run. */
    readonly isExecutable: (path: string) => boolean;
}

/** Where the program lies, or why it was not found, for a person to read. */
export type Found = { readonly path: string } | { readonly problem: string };

/**
 * The program that the setting names, which was expanded, or else `vraftls` on the `PATH`. A setting without a folder in it is
 * looked up on the `PATH` too.
 */
export function findServer(setting: string, machine: Machine): Found {
    const paths = machine.platform === "win32" ? win32 : posix;
    const name = setting === "" ? "vraftls" : setting;
    if (paths.basename(name) !== name) {
        if (!paths.isAbsolute(name)) {
            return { problem: `The setting vraftls.server.path is \`${name}\`, which depends on where the editor was started.` };
        }
        const path = withSuffix(name, machine);
        return machine.isExecutable(path)
            ? { path }
            : { problem: `The setting vraftls.server.path is \`${name}\`, but no program is there.` };
    }
    // An empty entry means the current folder, where nothing should be started from.
    const folders = (pathOf(machine) ?? "").split(paths.delimiter).filter((folder) => paths.isAbsolute(folder));
    for (const folder of folders) {
        const path = withSuffix(paths.join(folder, name), machine);
        if (machine.isExecutable(path)) {
            return { path };
        }
    }
    return { problem: `\`${name}\` is not on the PATH. Say in the setting vraftls.server.path where it lies.` };
}

function withSuffix(path: string, machine: Machine): string {
    return machine.platform === "win32" && win32.extname(path) === "" ? `${path}.exe` : path;
}

/** Windows spells the name of the variable as it likes. */
function pathOf(machine: Machine): string | undefined {
    const isPath = (name: string): boolean =>
        machine.platform === "win32" ? name.toUpperCase() === "PATH" : name === "PATH";
    const name = Object.keys(machine.environment).find(isPath);
    return name === undefined ? undefined : machine.environment[name];
}
