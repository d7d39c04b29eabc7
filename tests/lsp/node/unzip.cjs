// Prints the files of a zip archive as one JSON object of names and texts. As much of the format as `vsce` writes.
"use strict";

const { readFileSync } = require("node:fs");
const { inflateRawSync } = require("node:zlib");

const END_OF_DIRECTORY = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;

const archive = readFileSync(process.argv[2]);
let end = archive.length - 22;
while (end >= 0 && archive.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
if (end < 0) throw new Error("this is no zip archive");
const nEntries = archive.readUInt16LE(end + 10);
let at = archive.readUInt32LE(end + 16);
const files = [];
for (let n = 0; n < nEntries; n += 1) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error(`no entry at ${at}`);
    const method = archive.readUInt16LE(at + 10);
    const size = archive.readUInt32LE(at + 20);
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const header = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + nameSize);
    const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
    const bytes = archive.subarray(start, start + size);
    if (method !== STORED && method !== DEFLATED) throw new Error(`${name}: method ${method}`);
    files.push([name, (method === DEFLATED ? inflateRawSync(bytes) : bytes).toString("utf8")]);
    at += 46 + nameSize + extraSize + commentSize;
}
process.stdout.write(JSON.stringify(Object.fromEntries(files.sort())));
