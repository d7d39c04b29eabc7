//! Every member of `self` in a sample is asked for both ways: where there is an answer without the engine it is the engine's.

use std::sync::Arc;

use ruff_text_size::TextSize;
use ty_python_semantic::definitions_for_attribute;
use vraftls_guest_sdk::{Analyzer, Config, MemoryWorkspace, Workspace};

use super::of_self_member;
use crate::Python;
use crate::occurrence::{Occurrence, look_at};

/// What is asked for has no number; `_1` and so on are where the engine has to say.
const SAMPLE: &str = r#"
from typing import Protocol
from above import Base, Other, decorate, unknown

class Child(Base, Other):
    kind: str = ""
    import os

    def __init__(self, x, y=None):
        self.x = x
        self.x: int
        self.kind = "child"
        self.both = self.from_base = self.from_other = y
        if self.kind == "child" and not self and self.x: self.x, self.method(), self.from_grand, self.beside
        one = self; two = y.look(self)
        if one or two.x: self.x
        lambda: self.x, [self.x for z in self.both if self.x]
        self.missing_1, self.os_1, self.__class___1

    @property
    def method(self): return self.x
    @classmethod
    def cls_method(cls): return cls.kind, cls.method
    @staticmethod
    def static(self): return self.x_1
    @unknown
    def decorated(self): return self.x
    def annotated(self: Other, x): return self.x_1
    def again(self):
        self = self.x_1
        return self.kind_1
    def called(self, other):
        if isinstance(self, Other): return self.beside_1, self.kind_1
    def compared(self, other):
        return self is other and self.kind_1
    def remembered(self):
        other = isinstance(self, Other)
        if other: return self.kind_1
    def matched(self):
        match self:
            case Other(): return self.kind_1
    def nested(self):
        def inner(): return self.x
        class Inner:
            def inside(self): return self.x_1

class Twice(Base, Child):
    def ask(self): return self.x_1
class Strange(unknown.Base):
    own = 1
    def ask(self): return self.own, self.x_1
class Asked(Protocol):
    own: int
    def ask(self): return self.own_1
class Decorated(Child):
    def ask(self): return self.x, self.from_grand
class Below(decorate.Class):
    def ask(self): return self.x_1
"#;

const ABOVE: &str = r#"
class Grand(object):
    from_grand = 1
    both = 2
class Base(Grand):
    def __init__(self): self.from_base = 1
class Other:
    both = 3
    from_other: int
    def beside(self): ...
"#;

#[test]
fn members_of_self_are_what_the_engine_says() {
    // The number behind a name is not in the text that is asked about.
    let receives = |at: usize| ["self", "cls"].iter().any(|receiver| SAMPLE[..at].ends_with(receiver));
    let asked = SAMPLE.match_indices('.').filter(|(at, _)| receives(*at)).map(|(at, _)| at + 1);
    let text = SAMPLE.replace("_1", "  ");
    let files = [("a.py", text.as_str()), ("above.py", ABOVE)].map(|(path, text)| (path.to_owned(), text.to_owned()));
    let workspace: Arc<dyn Workspace> = Arc::new(MemoryWorkspace::new(files));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let project = Python::open(config, workspace).expect("a project opens");
    let source = project.source("a.py").expect("the file is there");
    for at in asked {
        let length = SAMPLE[at..].find(|c: char| !c.is_alphanumeric() && c != '_').expect("the sample goes on");
        let name = &SAMPLE[at..at + length];
        look_at(&source, TextSize::new(at as u32), |at| {
            let Occurrence::Attribute(attribute) = at.occurrence else { panic!("{name} is no attribute") };
            let found = of_self_member(at, attribute);
            assert_eq!(found.is_none(), name.ends_with("_1"), "{name} at {:?}", at.range);
            if let Some(found) = found {
                assert_eq!(found, definitions_for_attribute(at.model, attribute), "{name} at {:?}", at.range);
            }
        })
        .expect("there is a name");
    }
}
