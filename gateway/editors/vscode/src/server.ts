// How the server is reached: a process of ours, or a connection to one that listens.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { createConnection } from "node:net";
import { homedir } from "node:os";

import type { ServerOptions, StreamInfo } from "vscode-languageclient/node";

import { parseAddress } from "./address";
import { findServer } from "./find";
import { expand, serverArguments } from "./settings";
import type { Settings } from "./settings";
import { connectWebSocket } from "./websocket";

/** How long a server may take to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How a server is reached, in words and for the client; or why it cannot be, for a person to read. */
export type Reached = { readonly what: string; readonly options: ServerOptions } | { readonly problem: string };

/** What the settings ask for. `folder` is the first open one. When it is given up, whatever was started for it ends. */
export function reach(settings: Settings, folder: string | undefined, givenUp: AbortSignal): Reached {
    if (settings.address !== "") {
        const address = parseAddress(settings.address);
        if ("problem" in address) {
            return { problem: `The setting vraftls.server.address is wrong: ${address.problem}.` };
        }
        const options =
            address.kind === "ws"
                ? () => connectWebSocket(address.url, givenUp)
                : () => connectTcp(address.host, address.port, givenUp);
        return { what: settings.address, options };
    }
    const home = homedir();
    const found = findServer(expand(settings.path, folder, home), {
        platform: process.platform,
        environment: process.env,
        isExecutable,
    });
    if ("problem" in found) {
        return found;
    }
    const words = serverArguments(settings, folder, home);
    const options = () => startProcess(found.path, words, folder, givenUp);
    return { what: [found.path, ...words].join(" "), options };
}

async function startProcess(path: string, words: readonly string[], folder: string | undefined, givenUp: AbortSignal): Promise<ChildProcess> {
    givenUp.throwIfAborted();
    return new Promise((resolve, reject) => {
        const process = spawn(path, words, { stdio: "pipe", ...(folder === undefined ? {} : { cwd: folder }) });
        process.once("error", reject);
        process.once("spawn", () => {
            resolve(process);
        });
        givenUp.addEventListener("abort", () => { process.kill(); }, { once: true });
    });
}

async function connectTcp(host: string, port: number, givenUp: AbortSignal): Promise<StreamInfo> {
    givenUp.throwIfAborted();
    return new Promise((resolve, reject) => {
        const socket = createConnection({ host, port, timeout: CONNECT_TIMEOUT_MS });
        givenUp.addEventListener("abort", () => { socket.destroy(); }, { once: true });
        socket.once("error", reject);
        socket.once("timeout", () => {
            socket.destroy(new Error(`nobody answers at ${host}:${port}`));
        });
        socket.once("connect", () => {
            socket.off("error", reject);
            // A quiet server is a healthy one.
            socket.setTimeout(0);
            socket.setNoDelay(true);
            resolve({ reader: socket, writer: socket });
        });
    });
}

function isExecutable(path: string): boolean {
    try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
    } catch {
        return false;
    }
}
