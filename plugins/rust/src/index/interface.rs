//! A hash of what other files can see of one: everything but the bodies of functions that nothing can look into, and what is no
//! code.
//!
//! A body counts where its contents reach out: where the function returns an `impl` type or is `const`, and where items stand
//! in it.

use ra_ap_syntax::SyntaxKind::{COMMENT, IMPL_TRAIT_TYPE, WHITESPACE};
use ra_ap_syntax::ast::{self, HasName as _};
use ra_ap_syntax::{AstNode as _, NodeOrToken, SyntaxNode, WalkEvent};

/// The hash of a file.
pub(super) fn hash(file: &SyntaxNode) -> u64 {
    let mut hash = EMPTY;
    let mut walk = file.preorder_with_tokens();
    while let Some(event) = walk.next() {
        let WalkEvent::Enter(element) = event else { continue };
        match element {
            NodeOrToken::Node(node) => {
                if ast::BlockExpr::can_cast(node.kind()) && is_closed(&node) {
                    walk.skip_subtree();
                }
            }
            NodeOrToken::Token(token) => {
                let is_doc = token.kind() == COMMENT
                    && ["///", "//!", "/**", "/*!"].iter().any(|mark| token.text().starts_with(mark));
                if token.kind() != WHITESPACE && (token.kind() != COMMENT || is_doc) {
                    hash = add(hash, token.text());
                    hash = add(hash, "\0");
                }
            }
        }
    }
    hash
}

/// The hash of a text of which nothing is known.
pub(super) fn hash_text(text: &str) -> u64 {
    add(EMPTY, text)
}

/// Whether a block is the body of a function that nobody can look into.
fn is_closed(block: &SyntaxNode) -> bool {
    let Some(function) = block.parent().and_then(ast::Fn::cast) else { return false };
    if function.name().is_none() || function.const_token().is_some() || function.async_token().is_some() {
        return false;
    }
    let returned = function.ret_type();
    let is_opaque = returned.is_some_and(|ty| ty.syntax().descendants().any(|node| node.kind() == IMPL_TRAIT_TYPE));
    !is_opaque && !block.descendants().any(|node| ast::Item::can_cast(node.kind()))
}

/// FNV-1a: the same on every machine.
const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

fn add(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
