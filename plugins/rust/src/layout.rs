//! Spaces in the code that macros become. The engine breaks its lines and indents them, and leaves all else as the tokens came:
//! `a+b`, `f(a,b)`, `}else {`. Without a formatter at hand, which a component does not have, that is how people would read it.
//!
//! Only white space changes. What is no code that stands by itself stays as it is.

use ra_ap_syntax::{AstNode as _, Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxToken, T};

use crate::index::is_too_deep;

/// What code of each kind needs around it to be a file: items, statements or an expression, a type, a pattern.
const AROUND: [(&str, &str); 4] = [("", ""), ("fn f() {", "\n}"), ("type T = ", ";"), ("fn f(", ": u8) {}")];

/// The same code with spaces where people expect them.
pub(crate) fn spaced(code: &str) -> String {
    if is_too_deep(code) {
        return code.to_owned();
    }
    let whole = AROUND.iter().find_map(|(before, after)| {
        let text = format!("{before}{code}{after}");
        let parsed = SourceFile::parse(&text, Edition::CURRENT);
        parsed.errors().is_empty().then(|| (parsed.tree(), before.len()..text.len() - after.len()))
    });
    let Some((file, own)) = whole else { return code.to_owned() };
    let mut result = String::with_capacity(code.len() * 5 / 4);
    let tokens = file.syntax().descendants_with_tokens().filter_map(NodeOrToken::into_token);
    for token in tokens.filter(|token| own.contains(&usize::from(token.text_range().start()))) {
        match token.kind() {
            // The engine takes the end of `[T; N]`'s first half for that of a statement.
            SyntaxKind::WHITESPACE if token.prev_token().is_some_and(|before| is_of_array(&before)) => result.push(' '),
            _ => result.push_str(token.text()),
        }
        let next = token.next_token().filter(|next| own.contains(&usize::from(next.text_range().start())));
        if next.is_some_and(|next| wants_space(&token, &next)) {
            result.push(' ');
        }
    }
    result
}

fn is_of_array(token: &SyntaxToken) -> bool {
    let around = token.parent().map(|parent| parent.kind());
    token.kind() == T![;] && matches!(around, Some(SyntaxKind::ARRAY_TYPE | SyntaxKind::ARRAY_EXPR))
}

/// Whether people expect a space between two tokens that have none.
fn wants_space(token: &SyntaxToken, next: &SyntaxToken) -> bool {
    let (kind, following) = (token.kind(), next.kind());
    if kind == SyntaxKind::WHITESPACE || following == SyntaxKind::WHITESPACE {
        return false;
    }
    if is_between(token) || is_between(next) || is_of_array(token) {
        return true;
    }
    match (kind, following) {
        (T![,], T![')'] | T![']'] | T!['}'] | T![>]) => false,
        (T![,], _) | (T!['}'], T![else] | T![as]) => true,
        (
            T![if] | T![while] | T![match] | T![in] | T![return] | T![break] | T![else],
            T![;] | T![,] | T![')'] | T!['}'],
        ) => false,
        (T![if] | T![while] | T![match] | T![in] | T![return] | T![break] | T![else], _) => true,
        (_, T!['{']) => opens_block(token, next),
        _ => false,
    }
}

/// Whether a token stands between two things that it brings together.
fn is_between(token: &SyntaxToken) -> bool {
    let Some(around) = token.parent() else { return false };
    match around.kind() {
        SyntaxKind::BIN_EXPR => token.kind().is_punct(),
        SyntaxKind::OR_PAT => token.kind() == T![|] && token.prev_sibling_or_token().is_some(),
        SyntaxKind::TYPE_BOUND_LIST => token.kind() == T![+],
        SyntaxKind::IDENT_PAT => token.kind() == T![@],
        SyntaxKind::TYPE_PARAM | SyntaxKind::CONST_PARAM | SyntaxKind::LET_STMT => token.kind() == T![=],
        _ => false,
    }
}

/// Whether a brace opens what belongs to the token before it.
fn opens_block(token: &SyntaxToken, brace: &SyntaxToken) -> bool {
    let is_of_path = brace.parent().is_some_and(|parent| parent.kind() == SyntaxKind::USE_TREE_LIST);
    let is_operator =
        token.parent().is_some_and(|parent| matches!(parent.kind(), SyntaxKind::PREFIX_EXPR | SyntaxKind::REF_EXPR));
    let opens = matches!(token.kind(), T!['('] | T!['['] | T!['{'] | T![!] | T![$] | T![::]);
    !is_of_path && !is_operator && !opens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_spaced_as_people_write_it() {
        for (code, expected) in [
            ("1+2*-x", "1 + 2 * -x"),
            ("let (x,ref y) = (5,6);", "let (x, ref y) = (5, 6);"),
            ("if!a&&b==c {\n    d+=1;\n}else if true {}", "if !a && b == c {\n    d += 1;\n} else if true {}"),
            ("fn f(){}", "fn f() {}"),
            ("impl<T:A+B>C<T>for D where T:E+'static{}", "impl<T:A + B>C<T>for D where T:E + 'static {}"),
            ("match (){}", "match () {}"),
            ("use a::{b,c};", "use a::{b, c};"),
            ("let z@0..5|z@7 = 4;", "let z @ 0..5 | z @ 7 = 4;"),
            ("let f = |a,b|{ return; };", "let f = |a, b| { return; };"),
            ("&{ a }", "&{ a }"),
            ("[u8;\n4]", "[u8; 4]"),
            ("[0;\n    4]", "[0; 4]"),
            ("a|Some(b)", "a | Some(b)"),
            ("(a,)", "(a,)"),
            ("{\n    $x\n}", "{\n    $x\n}"),
            ("f(\"a,b+c\",'+')", "f(\"a,b+c\", '+')"),
            ("println!(\"{}\",a);", "println!(\"{}\", a);"),
            ("", ""),
            ("é+1", "é + 1"),
        ] {
            assert_eq!(spaced(code), expected, "{code}");
            assert_eq!(spaced(expected), expected, "what is laid out stays");
        }
    }
}
