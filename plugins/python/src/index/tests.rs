//! Tests of the facts of whole documents.

use vraftls_guest_sdk::{SymbolFlags, roles};

use super::*;

fn facts_of(text: &str) -> Facts {
    let document = Document { path: "a.py".to_owned(), language: "python".to_owned(), text: text.to_owned() };
    index(&document).expect("small texts are in bounds")
}

/// The occurrences as `name:roles`, each role by a letter: define, refer, import, write, attribute (`.`), keyword (`=`),
/// string (`"`), parameter, local.
fn occurrences(text: &str) -> String {
    let letters = [
        (roles::DEFINES, 'd'),
        (roles::REFERS, 'r'),
        (roles::IMPORTS, 'i'),
        (roles::WRITES, 'w'),
        (roles::ATTRIBUTE, '.'),
        (roles::KEYWORD, '='),
        (roles::IN_STRING, '"'),
        (roles::PARAMETER, 'p'),
        (roles::LOCAL, 'l'),
    ];
    let facts = facts_of(text);
    let mut shown = Vec::new();
    for group in facts.occurrences.chunks_exact(4) {
        let [start, length, name, bits] = [group[0], group[1], group[2], group[3]];
        let written = &text[start as usize..(start + length) as usize];
        assert_eq!(written, facts.names[name as usize], "the names of these tests are ASCII");
        let roles: String = letters.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, letter)| letter).collect();
        shown.push(format!("{written}:{roles}"));
    }
    shown.join(" ")
}

/// The outline, indented, as `kind name detail`.
fn outline(text: &str) -> String {
    let facts = facts_of(text);
    let mut shown = String::new();
    for (index, symbol) in facts.symbols.iter().enumerate() {
        let mut depth = 0;
        let mut parent = symbol.parent;
        while parent != u32::MAX {
            assert!((parent as usize) < index, "parents come before children");
            depth += 1;
            parent = facts.symbols[parent as usize].parent;
        }
        assert_eq!(&text[symbol.span.start as usize..symbol.span.end as usize], symbol.name);
        assert!(symbol.full.start <= symbol.span.start && symbol.span.end <= symbol.full.end);
        shown.push_str(&format!("{}{} {}", "  ".repeat(depth), symbol.kind, symbol.name));
        if !symbol.detail.is_empty() {
            shown.push_str(&format!(" {}", symbol.detail));
        }
        shown.push('\n');
    }
    shown
}

/// The folds as `first line-last line kind`, lines from 1.
fn folds(text: &str) -> String {
    let line = |offset: u32| text[..offset as usize].matches('\n').count() + 1;
    let facts = facts_of(text);
    let folds = facts.folds.chunks_exact(3).map(|fold| format!("{}-{} {}", line(fold[0]), line(fold[1]), fold[2]));
    folds.collect::<Vec<_>>().join(", ")
}

fn hash_of(text: &str) -> u64 {
    facts_of(text).interface_hash
}

#[test]
fn names_have_the_roles_of_their_places() {
    assert_eq!(occurrences("x = y\nx += 1\ndel x\n"), "x:dw y:r x:drw x:rw");
    assert_eq!(occurrences("x: int\ny: int = 1\n"), "x:d int:r y:dw int:r");
    assert_eq!(occurrences("a.b.c = d.e\ndel a.f\n"), "a:r b:r. c:w. d:r e:r. a:r f:rw.");
    assert_eq!(occurrences("f(x, key=y)\n"), "f:r x:r key:r= y:r");
    assert_eq!(occurrences("class A(B, metaclass=M):\n    x = 1\n"), "A:d B:r metaclass:r= M:r x:dw");
    assert_eq!(occurrences("for i in r:\n    pass\nwith o as w:\n    pass\n"), "i:dw r:r o:r w:dw");
    assert_eq!(occurrences("try:\n    pass\nexcept E as e:\n    e\n"), "E:r e:dw e:r");
    assert_eq!(occurrences("f'{a:{b}} {c!r}'\n"), "a:r b:r c:r");
}

#[test]
fn attributes_of_the_receiver_are_definitions() {
    let text = "class A:\n    def f(self, o):\n        self.x = o.y = 1\n        self.z += 1\n";
    assert_eq!(occurrences(text), "A:d f:d self:dpl o:dpl self:rl x:dw. o:rl y:w. self:rl z:drw.");
    let text = "class A:\n    @staticmethod\n    def f(o):\n        o.x = 1\n";
    assert_eq!(occurrences(text), "A:d staticmethod:r f:d o:dpl o:rl x:w.");
}

#[test]
fn imports_name_every_component() {
    assert_eq!(occurrences("import a.b as c, d.e\n"), "a:ri b:ri c:di d:dri e:ri");
    assert_eq!(occurrences("from ..a . b import c as d, e\n"), "a:ri b:ri c:ri d:di e:dri");
    assert_eq!(occurrences("from . import x\nfrom y import *\n"), "x:dri y:ri");
    let facts = facts_of("import a.b as c\nfrom .. a.b import (d as e, f)\nfrom ... import g\nfrom h import *\n");
    let imports: Vec<_> = facts.imports.iter().map(|import| (import.module.as_str(), import.names.join(","))).collect();
    assert_eq!(
        imports,
        [("a.b", String::new()), ("..a.b", "d,f".to_owned()), ("...", "g".to_owned()), ("h", "*".to_owned())]
    );
    assert_eq!((facts.imports[1].span.start, facts.imports[1].span.end), (21, 27));
    assert_eq!((facts.imports[2].span.start, facts.imports[2].span.end), (52, 55));
}

#[test]
fn locals_are_told_from_what_others_see() {
    assert_eq!(occurrences("def f(a):\n    b = a\n    c\nc = 1\n"), "f:d a:dpl b:dwl a:rl c:r c:dw");
    assert_eq!(occurrences("def f():\n    global g\n    g = 1\n    g\n"), "f:d g:r g:dw g:r");
    // A name is local even before the line that binds it.
    assert_eq!(occurrences("def f():\n    x\n    x = 1\n"), "f:d x:rl x:dwl");
    let nested = "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n        y = x\n";
    assert_eq!(occurrences(nested), "f:d x:dwl g:dl x:rl x:dwl y:dwl x:rl");
    assert_eq!(occurrences("[i for i in j if i]\n"), "i:rl i:dwl j:r i:rl");
    assert_eq!(occurrences("[(k := i) for i in j]\nk\n"), "k:dw i:rl i:dwl j:r k:r");
    assert_eq!(occurrences("lambda a: a + b\n"), "a:dpl a:rl b:r");
}

#[test]
fn names_in_a_class_body_are_members_and_hidden_from_its_methods() {
    let text = "def f():\n    x = 1\n    class A:\n        x = 2\n        def g(self):\n            return x\n";
    assert_eq!(occurrences(text), "f:d x:dwl A:dl x:dw g:d self:dpl x:rl");
    assert_eq!(occurrences("class A:\n    x = 1\n    y = x\n"), "A:d x:dw y:dw x:r");
}

#[test]
fn type_parameters_are_local() {
    assert_eq!(occurrences("def f[T: B](x: T) -> T: ...\n"), "f:d T:dl B:r x:dpl T:rl T:rl");
    assert_eq!(occurrences("type A[T] = list[T]\n"), "A:dw T:dl list:r T:rl");
}

#[test]
fn patterns_bind_and_refer() {
    let text = "match s:\n    case P(a, x=b) as c:\n        pass\n    case {K.v: d, **e} | [*f]:\n        pass\n";
    assert_eq!(occurrences(text), "s:r P:r a:dw x:r.= b:dw c:dw K:r v:r. d:dw e:dw f:dw");
}

#[test]
fn strings_that_are_types_are_read() {
    assert_eq!(occurrences("x: 'A'\n"), "x:d A:r\"");
    assert_eq!(occurrences("def f(a: 'm.A | None') -> 'list[B]': ...\n"), "f:d a:dpl m:r\" A:r.\" list:r\" B:r\"");
    assert_eq!(occurrences("x: Literal['a'] | Annotated['B', 'c']\n"), "x:d Literal:r Annotated:r B:r\"");
    assert_eq!(occurrences("cast('A', b)\nTypeVar('T', bound='C')\n"), "cast:r A:r\" b:r TypeVar:r bound:r= C:r\"");
    assert_eq!(occurrences("X = Optional['A']\nd['key']\n"), "X:dw Optional:r A:r\" d:r");
    assert_eq!(occurrences("X: TypeAlias = 'A'\n"), "X:dw TypeAlias:r A:r\"");
    assert_eq!(occurrences("x: 'A B('\ny: '\\x41'\n"), "x:d y:d");
}

#[test]
fn exported_strings_are_names() {
    let text = "__all__ = ['a', 'b'] + ['c']\n__all__ += ('d',)\n__all__.append('e')\n";
    let shown = occurrences(text);
    for name in ["a", "b", "c", "d", "e"] {
        assert!(shown.contains(&format!("{name}:r\"")), "{shown}");
    }
}

#[test]
fn identifiers_are_normalized_as_python_does() {
    let facts = facts_of("ﬁx = 1\nfix\n");
    assert_eq!(facts.names, ["fix"]);
    assert_eq!(facts.occurrences, [0, 4, 0, 9, 9, 3, 0, 2]);
}

#[test]
fn byte_order_marks_and_carriage_returns_keep_offsets_right() {
    let facts = facts_of("\u{feff}x = 1\r\ny = x\r\n");
    let starts: Vec<_> = facts.occurrences.chunks_exact(4).map(|group| group[0]).collect();
    assert_eq!(starts, [3, 10, 14]);
    assert!(facts.diagnostics.is_empty());
}

#[test]
fn the_outline_lists_what_a_person_looks_for() {
    let text = "\
import os
MAX = 1
name, (other, *rest) = 1, (2, 3)
T = TypeVar('T')
if os:
    flag: bool = True
class Color(enum.Enum):
    RED = 1
class A(Base[int], x=1):
    size: int
    def __init__(self, a, *, b: int = 1):
        self.size = a
        self.b, self.c = b, 2
        def helper(): ...
    @property
    def p(self) -> str: ...
    @functools.cached_property
    def q(self): ...
    def m(self):
        if self:
            self.late: int = 1
        local = 1
    class Inner(Protocol): ...
type Alias = int
async def run(
    a,
    b,
) -> None: ...
";
    assert_eq!(
        outline(text),
        "\
14 MAX
13 name
13 other
13 rest
26 T
13 flag bool
10 Color (enum.Enum)
  22 RED
5 A (Base[int], x=1)
  8 size int
  9 __init__ (self, a, *, b: int = 1)
  8 b
  8 c
    12 helper ()
  7 p (self) -> str
  7 q (self)
  6 m (self)
  8 late int
  11 Inner (Protocol)
26 Alias
12 run (a, b,) -> None
"
    );
}

#[test]
fn flags_follow_all_and_underscores() {
    let traits = |text: &str| facts_of(text).symbols.iter().map(|symbol| symbol.traits).collect::<Vec<_>>();
    assert_eq!(
        traits("a = 1\n_b = 1\n__c__ = 1\n"),
        [SymbolFlags::EXPORTED, SymbolFlags::PRIVATE, SymbolFlags::EXPORTED]
    );
    let flags = traits("__all__ = ['_b', 'C']\na = 1\n_b = 1\nclass C:\n    x = 1\n    _y = 1\n");
    assert_eq!(
        flags[1..],
        [
            SymbolFlags::empty(),
            SymbolFlags::EXPORTED | SymbolFlags::PRIVATE,
            SymbolFlags::EXPORTED,
            SymbolFlags::EXPORTED,
            SymbolFlags::PRIVATE
        ]
    );
    assert_eq!(
        traits("@deprecated('no')\ndef f():\n    def g(): ...\n"),
        [SymbolFlags::EXPORTED | SymbolFlags::DEPRECATED, SymbolFlags::empty()]
    );
}

#[test]
fn blocks_brackets_comments_imports_and_regions_fold() {
    assert_eq!(
        folds("def f():\n    '''a\n    b'''\n    if x:\n        pass\n    else:\n        pass\n"),
        "1-7 0, 2-3 1, 4-5 0, 6-7 0"
    );
    assert_eq!(folds("x = [\n    1,\n]\ny = [1]\n"), "1-3 0");
    assert_eq!(folds("# a\n# b\n\n# c\nx = 1  # d\n# e\n"), "1-2 1");
    assert_eq!(folds("import a\n\n# why\nfrom b import (\n    c,\n)\nx = 1\nimport d\n"), "1-6 2");
    assert_eq!(folds("# region one\nx = 1\n#endregion\n"), "1-3 3");
    assert_eq!(folds("x = f(a, {\n    1: 2,\n})\n"), "1-3 0");
    assert_eq!(folds("x = '''\n'''\nif x:\n    y = (\n"), "1-2 0, 3-4 0");
}

#[test]
fn syntax_errors_lie_in_the_text() {
    for text in ["def f(:\n", "x = (\n", "'abc", "é = (", "\u{feff}(", "f'{", "x = $"] {
        let facts = facts_of(text);
        assert!(!facts.diagnostics.is_empty(), "{text}");
        for diagnostic in &facts.diagnostics {
            assert!(text.get(diagnostic.span.start as usize..diagnostic.span.end as usize).is_some(), "{text}");
        }
    }
}

#[test]
fn syntax_errors_without_end_are_counted_after_the_first() {
    let facts = facts_of(&"$ )\n".repeat(3 * SYNTAX_ERRORS_MAX));
    assert_eq!(facts.diagnostics.len(), SYNTAX_ERRORS_MAX + 1);
    let key = |diagnostic: &Diagnostic| (diagnostic.span.start, diagnostic.span.end);
    assert!(facts.diagnostics.is_sorted_by_key(key));
    let last = facts.diagnostics.last().expect("there are some");
    let more: usize = last.message.split(' ').next().and_then(|count| count.parse().ok()).expect(&last.message);
    assert!(more >= 2 * SYNTAX_ERRORS_MAX, "{}", last.message);

    let as_many_as_are_listed = facts_of(&"x = \n".repeat(SYNTAX_ERRORS_MAX));
    assert_eq!(as_many_as_are_listed.diagnostics.len(), SYNTAX_ERRORS_MAX);
}

#[test]
fn the_interface_hash_ignores_what_others_cannot_see() {
    let before = "def f(a: int) -> int:\n    return a\n";
    for same in [
        "def f(a: int) -> int:\n    b = 1\n    return a + b\n",
        "# comment\n\ndef f(a:  int) -> int:\n\n    return a # why\n",
        "def f(a: int) -> int:\n    '''docs'''\n    return a\n",
    ] {
        assert_eq!(hash_of(before), hash_of(same), "{same}");
    }
    for other in [
        "def f(a: str) -> int:\n    return a\n",
        "def f(a: int = 1) -> int:\n    return a\n",
        "def f(a: int) -> str:\n    return a\n",
        "def g(a: int) -> int:\n    return a\n",
        "@d\ndef f(a: int) -> int:\n    return a\n",
        "import x\ndef f(a: int) -> int:\n    return a\n",
        "def f(a: int) -> int:\n    return a\nx = 1\n",
        "def f(a: int) -> int:\n    global x\n    return a\n",
    ] {
        assert_ne!(hash_of(before), hash_of(other), "{other}");
    }
    assert_ne!(hash_of("def f():\n    return 1\n"), hash_of("def f():\n    return ''\n"));
    // What a string says, not that there is one: a decorator and a string decorate nothing.
    assert_eq!(hash_of("'''a'''\nx = 1\n"), hash_of("'''b'''\nx = 1\n"));
    assert_ne!(hash_of("@d\ndef f(): 1\n"), hash_of("@d\n'''a'''\ndef f(): 1\n"));
    assert_ne!(
        hash_of("class A:\n    def f(self) -> None:\n        self.x = 1\n"),
        hash_of("class A:\n    def f(self) -> None:\n        self.x = ''\n")
    );
    assert_eq!(
        hash_of("class A:\n    def f(self) -> None:\n        print(1)\n"),
        hash_of("class A:\n    def f(self) -> None:\n        print(2)\n")
    );
}

/// What a dependent is told of a function may rest on its body though its result is annotated.
#[test]
fn the_interface_hash_sees_what_shows_through_a_body() {
    let method =
        |body: &str| hash_of(&format!("class A:\n    def f(self) -> None:\n        {body}\n        print(1)\n"));
    let plain = method("x = [n for n in self.y]");
    for shown in [
        "[0 for self.x in y]",
        "for a, self.x in y: pass",
        "with a as self.x: pass",
        "class B:\n            self.x = 1",
        "def g(): self.x = 1",
        "class B:\n            global x",
        "(self.x, [*self.z]) = y",
    ] {
        assert_ne!(plain, method(shown), "{shown}");
    }
    for hidden in ["other.x = 1", "self.x.y = 1", "self.x[0] = 1", "yield 1", "x = self.y"] {
        assert_eq!(plain, method(hidden), "{hidden}");
    }
    let function = |head: &str, body: &str| hash_of(&format!("{head}def f() -> A:\n    {body}\n"));
    assert_ne!(function("async ", "x"), function("async ", "yield x"));
    assert_eq!(function("", "x"), function("", "yield x"));
    assert_ne!(function("", "x"), function("", "..."));
    assert_ne!(function("", "pass"), function("", "raise E"));
}

#[test]
fn positions_count_where_classes_share_a_name() {
    let twice = "if x:\n    class A: pass\nelse:\n    class A: pass\n";
    assert_eq!(hash_of("class A: pass\n"), hash_of("\nclass A: pass\n"));
    assert_ne!(hash_of(twice), hash_of(&format!("\n{twice}")));
    assert_eq!(hash_of(twice), hash_of(&format!("{twice}\n\n")));
}

#[test]
fn deep_nesting_is_answered_with_a_diagnostic() {
    for text in ["(".repeat(100_000), "[".repeat(700), "-".repeat(100_000), "lambda: ".repeat(50_000)] {
        let facts = facts_of(&text);
        assert_eq!(facts.diagnostics.len(), 1);
        assert!(facts.occurrences.is_empty());
    }
}

#[test]
fn long_chains_are_walked_to_their_ends() {
    let text = format!("x = a{}\n", ".b(c)".repeat(700));
    assert_eq!(facts_of(&text).occurrences.len() / 4, 2 + 2 * 700);
    let text = format!("x = {}1\n", "y + ".repeat(1400));
    assert_eq!(facts_of(&text).occurrences.len() / 4, 1 + 1400);
}

const SAMPLE: &str = r#"# -*- coding: utf-8 -*-
"""Docs."""
from __future__ import annotations
import a.b as c, d
from ..e import (f as g, h)

__all__ = ["A", "f"]
T = TypeVar("T", bound="A")

@dec(x=1)
class A(Base[T], metaclass=M):
    """More."""
    x: int = 1  # region x
    def __init__(self, é: "list[A]", *args: int, k=lambda y: y, **kw) -> None:
        self.z = [i async for i in args if (w := i)]
        global q
        q = f"{self.z!r:>{k}} {'nested'}" + 'x' 'y'
        match self:
            case A(x=1, y=[_, *r]) | {"k": v, **o}: pass
            case _ if x: ...

    async def m[U](self):
        try:
            yield await self.z[1:2, ...]
        except* (E, F) as e:
            raise e from None
        else: del self.z, x
        finally:
            with a as b, c: return {**b, 'k': not -1}

type X[V] = dict[str, V]
if x if y else z: print(*a, **b, sep='')
"#;

#[test]
fn every_prefix_and_every_hole_is_answered() {
    let offsets: Vec<usize> = SAMPLE.char_indices().map(|(offset, _)| offset).collect();
    for &offset in &offsets {
        check(&SAMPLE[..offset]);
        check(&SAMPLE[offset..]);
        let hole = SAMPLE[offset..].char_indices().nth(7).map_or(SAMPLE.len(), |(index, _)| offset + index);
        check(&format!("{}{}", &SAMPLE[..offset], &SAMPLE[hole..]));
    }
}

/// Indexes twice, compares, and holds the answer against the rules of the contract.
fn check(text: &str) {
    let facts = facts_of(text);
    assert_eq!(facts, facts_of(text));
    let slice = |start: u32, end: u32| text.get(start as usize..end as usize).expect("spans lie in the text");
    let mut last = 0;
    for group in facts.occurrences.chunks_exact(4) {
        assert!(group[0] >= last && group[1] > 0);
        slice(group[0], group[0] + group[1]);
        assert!((group[2] as usize) < facts.names.len());
        last = group[0] + group[1];
    }
    for (index, symbol) in facts.symbols.iter().enumerate() {
        slice(symbol.full.start, symbol.full.end);
        slice(symbol.span.start, symbol.span.end);
        assert!(symbol.parent == u32::MAX || (symbol.parent as usize) < index);
        assert!(symbol.full.start <= symbol.span.start && symbol.span.end <= symbol.full.end);
    }
    for import in &facts.imports {
        slice(import.span.start, import.span.end);
    }
    for fold in facts.folds.chunks_exact(3) {
        slice(fold[0], fold[1]);
    }
    for diagnostic in &facts.diagnostics {
        slice(diagnostic.span.start, diagnostic.span.end);
    }
}
