// The protocol over a WebSocket: each message is one bare JSON object.

import { AbstractMessageReader, AbstractMessageWriter } from "vscode-languageclient/node";
import type { DataCallback, Disposable, Message, MessageReader, MessageTransports, MessageWriter } from "vscode-languageclient/node";
import { WebSocket } from "ws";
import type { RawData } from "ws";

/** How long a server may take to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a message may be, in bytes: what the server takes too. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** Connects to a server; rejects if nobody answers, or when it is given up. */
export async function connectWebSocket(url: string, givenUp: AbortSignal): Promise<MessageTransports> {
    givenUp.throwIfAborted();
    return new Promise((resolve, reject) => {
        const socket = new WebSocket(url, { handshakeTimeout: CONNECT_TIMEOUT_MS, maxPayload: MESSAGE_BYTES_MAX });
        givenUp.addEventListener("abort", () => { socket.terminate(); }, { once: true });
        socket.once("error", reject);
        socket.once("open", () => {
            socket.off("error", reject);
            resolve({ reader: new WebSocketReader(socket), writer: new WebSocketWriter(socket) });
        });
    });
}

class WebSocketReader extends AbstractMessageReader implements MessageReader {
    /** What came before anybody listened. */
    readonly #early: RawData[] = [];
    #take: ((data: RawData) => void) | undefined;

    constructor(socket: WebSocket) {
        super();
        socket.on("message", (data) => {
            if (this.#take === undefined) {
                this.#early.push(data);
            } else {
                this.#take(data);
            }
        });
        socket.on("error", (error) => {
            this.fireError(error);
        });
        socket.on("close", () => {
            this.fireClose();
        });
    }

    listen(callback: DataCallback): Disposable {
        const take = (data: RawData): void => {
            let message: Message;
            try {
                message = JSON.parse(textOf(data)) as Message;
            } catch (error) {
                this.fireError(error);
                return;
            }
            callback(message);
        };
        this.#take = take;
        this.#early.splice(0).forEach(take);
        return {
            dispose: () => {
                this.#take = undefined;
            },
        };
    }
}

class WebSocketWriter extends AbstractMessageWriter implements MessageWriter {
    readonly #socket: WebSocket;
    #errorCount = 0;

    constructor(socket: WebSocket) {
        super();
        this.#socket = socket;
        socket.on("close", () => {
            this.fireClose();
        });
    }

    write(message: Message): Promise<void> {
        return new Promise((resolve, reject) => {
            this.#socket.send(JSON.stringify(message), (error) => {
                if (error) {
                    this.#errorCount += 1;
                    this.fireError(error, message, this.#errorCount);
                    reject(error);
                } else {
                    resolve();
                }
            });
        });
    }

    end(): void {
        this.#socket.close();
    }

    override dispose(): void {
        super.dispose();
        this.#socket.close();
    }
}

function textOf(data: RawData): string {
    if (data instanceof ArrayBuffer) {
        return Buffer.from(data).toString("utf8");
    }
    return (Array.isArray(data) ? Buffer.concat(data) : data).toString("utf8");
}
