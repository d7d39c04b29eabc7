// The model of the protocol: every message with the types of its parameters and results, as JSON on the standard output.
//
//     node model.cjs
//
// It is read from the declarations of Microsoft's protocol library, the same source that the published meta-model is made of, and has
// its shapes: `base`, `reference`, `array`, `map`, `and`, `or`, `tuple`, `literal`, and literals of strings, integers and booleans.
"use strict";

const assert = require("node:assert/strict");
const { readFileSync, readdirSync } = require("node:fs");
const { dirname, join } = require("node:path");

const protocol = require("vscode-languageserver-protocol/node");
const ts = require("typescript");

/** Aliases that the meta-model has as types of their own, though TypeScript knows them only as others. */
const BASES = new Set(["DocumentUri", "URI", "integer", "uinteger", "decimal"]);
const ANY = { kind: "base", name: "any" };

/** What lies below the declarations of the protocol, in the library for JSON-RPC. */
const BELOW = {
    structures: {
        CancelParams: structure({ id: { kind: "or", items: [base("integer"), base("string")] } }),
        SetTraceParams: structure({ value: { kind: "reference", name: "TraceValue" } }),
        LogTraceParams: structure({ message: base("string") }, { verbose: base("string") }),
        ProgressParams: structure({ token: { kind: "reference", name: "ProgressToken" }, value: ANY }),
    },
    aliases: {
        ProgressToken: { kind: "or", items: [base("integer"), base("string")] },
        TraceValue: { kind: "or", items: ["off", "messages", "compact", "verbose"].map((value) => ({ kind: "stringLiteral", value })) },
    },
    notifications: [
        { method: "$/cancelRequest", direction: "both", params: { kind: "reference", name: "CancelParams" } },
        { method: "$/setTrace", direction: "clientToServer", params: { kind: "reference", name: "SetTraceParams" } },
        { method: "$/logTrace", direction: "serverToClient", params: { kind: "reference", name: "LogTraceParams" } },
        { method: "$/progress", direction: "both", params: { kind: "reference", name: "ProgressParams" } },
    ],
};

function base(name) {
    return { kind: "base", name };
}

function structure(required, optional = {}) {
    const of = (members, isOptional) => Object.entries(members).map(([name, type]) => ({ name, type, optional: isOptional }));
    return { extends: [], properties: [...of(required, false), ...of(optional, true)] };
}

/** The declarations in a folder, which is named from where a module lies. */
function declarations(name, folder) {
    const path = join(dirname(require.resolve(name)), folder);
    const files = readdirSync(path).filter((file) => file.endsWith(".d.ts"));
    return files.sort().map((file) => join(path, file));
}

class Reader {
    constructor() {
        this.structures = { ...BELOW.structures };
        this.aliases = { ...BELOW.aliases };
        this.requests = [];
        this.notifications = [...BELOW.notifications];
    }

    file(path) {
        const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
        for (const statement of source.statements) {
            if (ts.isInterfaceDeclaration(statement)) this.interface(statement);
            if (ts.isTypeAliasDeclaration(statement)) this.alias(statement);
            if (ts.isModuleDeclaration(statement)) this.message(statement);
        }
    }

    interface(node) {
        const parameters = parametersOf(node);
        const clauses = node.heritageClauses ?? [];
        const bases = clauses.flatMap((clause) => clause.types).map((type) => ({ kind: "reference", name: type.expression.text }));
        const { properties, map } = this.members(node.members, parameters);
        // One interface in several places has the members of all.
        const known = this.structures[node.name.text] ?? { extends: [], properties: [] };
        const all = { extends: [...known.extends, ...bases], properties: [...known.properties, ...properties] };
        // Beside those it names, one may have members of any name.
        this.structures[node.name.text] = map === undefined ? all : { ...all, others: map.value };
    }

    alias(node) {
        const name = node.name.text;
        if (!BASES.has(name)) this.aliases[name] = this.type(node.type, parametersOf(node));
    }

    /** A namespace is a message if it has a method and a type of the protocol. */
    message(node) {
        const constants = new Map();
        for (const statement of node.body?.statements ?? []) {
            if (!ts.isVariableStatement(statement)) continue;
            for (const { name, type } of statement.declarationList.declarations) constants.set(name.text, type);
        }
        const type = constants.get("type");
        if (!constants.has("method") || type === undefined || !ts.isTypeReferenceNode(type)) return;
        // What is only registered is no message.
        if (type.typeName.text === "RegistrationType") return;
        const [kind, hasParams] = KINDS[type.typeName.text] ?? [];
        assert.ok(kind !== undefined, `${node.name.text} is of the unknown kind ${type.typeName.text}`);
        const given = type.typeArguments.map((argument) => this.type(argument, new Set()));
        const { method, messageDirection } = protocol[node.name.text];
        const message = { method, direction: messageDirection, params: hasParams ? given[0] : null };
        if (kind === "notification") {
            this.notifications.push(message);
        } else {
            const [result, partialResult] = given.slice(hasParams ? 1 : 0);
            this.requests.push({ ...message, result, partialResult });
        }
    }

    members(nodes, parameters) {
        const properties = [];
        let map;
        for (const member of nodes) {
            if (ts.isPropertySignature(member)) {
                const type = this.type(member.type, parameters);
                properties.push({ name: member.name.text, type, optional: member.questionToken !== undefined });
            } else if (ts.isIndexSignatureDeclaration(member)) {
                const key = this.type(member.parameters[0].type, parameters);
                map = { kind: "map", key, value: this.type(member.type, parameters) };
            }
        }
        return { properties, map };
    }

    type(node, parameters) {
        const inner = (child) => this.type(child, parameters);
        switch (node.kind) {
            case ts.SyntaxKind.StringKeyword: return base("string");
            case ts.SyntaxKind.NumberKeyword: return base("decimal");
            case ts.SyntaxKind.BooleanKeyword: return base("boolean");
            case ts.SyntaxKind.ObjectKeyword: return base("object");
            case ts.SyntaxKind.AnyKeyword:
            case ts.SyntaxKind.UnknownKeyword: return ANY;
            case ts.SyntaxKind.VoidKeyword: return base("null");
            case ts.SyntaxKind.NeverKeyword: return base("never");
            case ts.SyntaxKind.UndefinedKeyword: return base("never");
            case ts.SyntaxKind.ParenthesizedType: return inner(node.type);
            case ts.SyntaxKind.TypeOperator: return inner(node.type);
            case ts.SyntaxKind.ArrayType: return { kind: "array", element: inner(node.elementType) };
            case ts.SyntaxKind.TupleType: return { kind: "tuple", items: node.elements.map((element) => inner(element.type ?? element)) };
            case ts.SyntaxKind.UnionType: return { kind: "or", items: node.types.map(inner).filter((type) => type.name !== "never") };
            case ts.SyntaxKind.IntersectionType: return { kind: "and", items: node.types.map(inner) };
            case ts.SyntaxKind.LiteralType: return literal(node.literal);
            case ts.SyntaxKind.TypeLiteral: {
                const { properties, map } = this.members(node.members, parameters);
                assert.ok(map === undefined || properties.length === 0, node.getText());
                return map ?? { kind: "literal", properties };
            }
            case ts.SyntaxKind.TypeQuery: return member(node.exprName);
            case ts.SyntaxKind.TypeReference: return this.reference(node, parameters);
            default: throw new Error(`an unknown type: ${node.getText()}`);
        }
    }

    reference(node, parameters) {
        if (ts.isQualifiedName(node.typeName)) return member(node.typeName);
        const name = node.typeName.text;
        if (parameters.has(name)) return ANY;
        if (BASES.has(name)) return base(name);
        if (name === "LSPAny") return ANY;
        if (name === "LSPObject") return base("object");
        if (name === "Array" || name === "ReadonlyArray") return { kind: "array", element: this.type(node.typeArguments[0], parameters) };
        return { kind: "reference", name };
    }
}

const KINDS = {
    ProtocolRequestType: ["request", true],
    ProtocolRequestType0: ["request", false],
    ProtocolNotificationType: ["notification", true],
    ProtocolNotificationType0: ["notification", false],
};

function parametersOf(node) {
    return new Set((node.typeParameters ?? []).map((parameter) => parameter.name.text));
}

function literal(node) {
    if (node.kind === ts.SyntaxKind.NullKeyword) return base("null");
    if (node.kind === ts.SyntaxKind.TrueKeyword) return valueOf(true);
    if (node.kind === ts.SyntaxKind.FalseKeyword) return valueOf(false);
    if (ts.isStringLiteral(node)) return valueOf(node.text);
    return valueOf(Number(node.getText()));
}

/** `Enum.Member` is a type of its own there, and for the protocol its value. */
function member(name) {
    return valueOf(protocol[name.left.text][name.right.text]);
}

function valueOf(value) {
    const kind = { string: "stringLiteral", number: "integerLiteral", boolean: "booleanLiteral" }[typeof value];
    assert.ok(kind !== undefined, String(value));
    return { kind, value };
}

/** Fails where a type refers to one that was not read. */
function check(model, type, where) {
    if (type === null || type === undefined || typeof type !== "object") return;
    if (type.kind === "reference") {
        assert.ok(type.name in model.structures || type.name in model.aliases, `${where} refers to ${type.name}`);
    }
    for (const [name, inner] of Object.entries(type)) check(model, inner, `${where}/${type.name ?? name}`);
}

const reader = new Reader();
declarations("vscode-languageserver-types", ".").forEach((path) => reader.file(path));
declarations("vscode-languageserver-protocol/node", "../common").forEach((path) => reader.file(path));
const { structures, aliases, requests, notifications } = reader;
for (const message of [...requests, ...notifications]) check(reader, message, message.method);
console.log(JSON.stringify({ structures, aliases, requests, notifications }));
