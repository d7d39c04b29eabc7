// Bundles the extension into one file, or with `--tests` each test and each program that tests run.

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

import { build } from "esbuild";

const common = { bundle: true, platform: "node", target: "node20", format: "cjs", logLevel: "warning" };

/** The licences of what is in the bundle, which want to be passed on with it. */
function notices(inputs) {
    const packages = new Set();
    for (const path of Object.keys(inputs)) {
        const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
        if (name !== undefined) packages.add(name);
    }
    const texts = [...packages].sort().map((name) => {
        const folder = `node_modules/${name}`;
        const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
        const file = readdirSync(folder).find((one) => /^licen[cs]e(\.|$)/i.test(one));
        const text = file === undefined ? "" : `\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
        return `${name} ${version}, ${license}\n${text}`;
    });
    return `The extension contains these packages.\n\n${texts.join("\n----\n\n")}`;
}

if (process.argv.includes("--tests")) {
    rmSync("dist/test", { recursive: true, force: true });
    const tests = readdirSync("test").filter((name) => /^(server|real|.*\.test)\.ts$/.test(name));
    await build({ ...common, entryPoints: tests.map((name) => `test/${name}`), outdir: "dist/test", sourcemap: "inline" });
    if (!existsSync("dist/extension.js")) throw new Error("the extension is tested as it is built: `npm run build` first");
} else {
    const { metafile } = await build({
        ...common,
        entryPoints: ["src/extension.ts"],
        outfile: "dist/extension.js",
        // The editor has it.
        external: ["vscode"],
        minify: true,
        metafile: true,
    });
    writeFileSync("dist/THIRD-PARTY-NOTICES.txt", notices(metafile.inputs));
}
