//! Tests of signature help that fixtures cannot make: what is written about parameters.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Config, MemoryWorkspace, Project};

use crate::Python;

#[test]
fn parameters_have_their_own_documentation() {
    let text = "def f(a, *rest):\n    '''Does.\n\n    :param a: One.\n    :param rest: Others.\n    '''\nf(1)\n";
    let workspace = Arc::new(MemoryWorkspace::new([("a.py".to_owned(), text.to_owned())]));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let mut project = Python::open(config, workspace).expect("a project opens");
    let offset = text.find("1)").expect("the call is there") as u32;
    let help = project.signature_help("a.py", offset).expect("an answer").expect("a call");
    let signature = &help.signatures[0];
    let parameters: Vec<_> = signature
        .parameters
        .iter()
        .map(|parameter| {
            (&signature.label[parameter.start as usize..parameter.end as usize], parameter.documentation.as_str())
        })
        .collect();
    assert_eq!(parameters, [("a", "One."), ("*rest", "Others.")]);
    assert_eq!(signature.active_parameter, Some(0));
}
