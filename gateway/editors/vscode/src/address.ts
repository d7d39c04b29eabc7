// Addresses of servers that listen. Pure.

/** Where a server listens, and how it is spoken to there. */
export type Address =
    | { readonly kind: "tcp"; readonly host: string; readonly port: number }
    | { readonly kind: "ws"; readonly url: string };

/** Reads `tcp://HOST:PORT` or `ws://HOST:PORT[/PATH]`; what is wrong with it otherwise. */
export function parseAddress(text: string): Address | { readonly problem: string } {
    let url: URL;
    try {
        url = new URL(text);
    } catch {
        return { problem: `\`${text}\` is no address; it looks like tcp://127.0.0.1:9257 or ws://127.0.0.1:9258` };
    }
    switch (url.protocol) {
        case "tcp:": {
            const port = Number(url.port);
            // Of schemes that it does not know, URL keeps an IPv6 address in its brackets, which sockets do not take.
            const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
            if (host === "" || url.port === "" || port === 0) {
                return { problem: `\`${text}\` names no host and port` };
            }
            return { kind: "tcp", host, port };
        }
        case "ws:":
        case "wss:":
            return { kind: "ws", url: url.href };
        default:
            return { problem: `\`${text}\` begins with neither tcp:// nor ws://` };
    }
}
