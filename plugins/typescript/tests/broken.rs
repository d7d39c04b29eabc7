//! Code as it is while it is typed: cut off anywhere, every question has an answer.

use std::sync::Arc;

use vraftls_guest_sdk::fixture::check_facts;
use vraftls_guest_sdk::{Analyzer, Config, Document, MemoryWorkspace, Project, Span, Workspace};
use vraftls_typescript::TypeScript;

const TEXT: &str = r#"import def, { a as b } from "./a";
/** @param {string} x {@link Thing} */
export class Thing<T extends { id: number }> extends Base<T> implements I {
  #private = 1; static s = `t${this.x}`; get g() { return this.#private!; }
  constructor(private readonly p: Map<string, T[]>) { super(); this.q = p ?? {}; }
  async *gen<U>(x: U, { y, ...z }: Rest = {}): AsyncGenerator<U> { for (const [k, v] of p) yield* v?.[k]; }
}
namespace N.M { export enum E { A = 1, "b-c" } declare module "m" { export = x; } }
type C<T> = T extends (infer U)[] ? { readonly [K in keyof U]?: U[K] } : import("./a").X<typeof b>;
const f = (é: unknown): é is string => typeof é === "string" && é instanceof Thing || "k" in é;
switch (f) { case 1: label: while (true) { break label; } default: [f.a, { b: f.c = 1 }] = [<any>2, 3 as const]; }
export { f as default, b }; export * as ns from "./a";
"#;

#[test]
fn every_beginning_of_a_text_is_answered() {
    let ends: Vec<usize> = TEXT.char_indices().map(|(offset, _)| offset).step_by(3).collect();
    for path in ["main.tsx", "main.ts", "main.js"] {
        for end in &ends {
            ask_everything(path, &TEXT[..*end]);
        }
    }
}

#[test]
fn every_text_without_a_part_is_answered() {
    for start in TEXT.char_indices().map(|(offset, _)| offset).step_by(17) {
        let end = (start..=TEXT.len()).skip(40).find(|end| TEXT.is_char_boundary(*end)).unwrap_or(TEXT.len());
        ask_everything("main.ts", &format!("{}{}", &TEXT[..start], &TEXT[end..]));
    }
}

fn ask_everything(path: &str, text: &str) {
    let document = Document { path: path.to_owned(), language: "typescript".to_owned(), text: text.to_owned() };
    let facts = TypeScript::index(&document).expect("broken code is no error");
    check_facts(text, &facts).unwrap_or_else(|broken| panic!("{broken}\n{text}"));
    let files = [(path, text), ("a.ts", "export const a = 1; export type X<T> = T; export default a;")];
    let workspace = MemoryWorkspace::new(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let workspace: Arc<dyn Workspace> = Arc::new(workspace);
    let mut project = TypeScript::open(config, workspace).expect("a project always opens");
    let end = text.len() as u32;
    let middle = (text.len() / 2..).find(|offset| text.is_char_boundary(*offset)).unwrap_or(0) as u32;
    for offset in [end, middle] {
        project.definition(path, offset).expect("an answer");
        project.hover(path, offset).expect("an answer");
        project.complete(path, offset, None, 100).expect("an answer");
        project.signature_help(path, offset).expect("an answer");
        project.highlights(path, offset).expect("an answer");
        project.selection_ranges(path, &[offset]).expect("an answer");
    }
    project.diagnostics(path).expect("an answer");
    project.semantic_tokens(path, None).expect("an answer");
    project.inlay_hints(path, Span { start: 0, end }).expect("an answer");
    project.resolve_all(path).expect("an answer");
}
