//! Finds the module paths that a source file refers to.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::code::without_tests;

/// Macros whose tokens are source of another crate.
const QUOTES: [&str; 4] = [
    "quote",
    "quote_spanned",
    "parse_quote",
    "parse_quote_spanned",
];

/// A path in a source file, such as `crate::http::retry`, and its line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The segments. The first one is `crate`, `super`, `self` or the name of a child module.
    pub segments: Vec<String>,
    pub line: usize,
}

/// Returns the paths of a file that start with `crate`, `super`, `self` or one of its child
/// modules, apart from those of its tests.
pub fn references(tokens: TokenStream) -> BTreeSet<Reference> {
    let tokens = without_tests(tokens);
    let mut found = BTreeSet::new();
    let children = children(&tokens);
    collect(&tokens, &children, 0, &mut found);
    found
}

/// The modules that a file declares without a body.
fn children(tokens: &[TokenTree]) -> BTreeSet<String> {
    let declared = tokens.windows(3).filter_map(|window| match window {
        [keyword, TokenTree::Ident(name), end]
            if is_ident(keyword, "mod") && is_punct(end, ';') =>
        {
            Some(name.to_string())
        }
        _ => None,
    });
    declared.collect()
}

/// Collects the paths of tokens within `depth` inline modules.
fn collect(
    tokens: &[TokenTree],
    children: &BTreeSet<String>,
    depth: usize,
    found: &mut BTreeSet<Reference>,
) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(name) if QUOTES.iter().any(|quote| name == quote) => {
                // The name, `!` and the tokens.
                at += if tokens.get(at + 1).is_some_and(|next| is_punct(next, '!')) {
                    3
                } else {
                    1
                };
            }
            TokenTree::Ident(name) if starts_path(tokens, at, children) => {
                let mut paths = BTreeSet::new();
                at = path(tokens, at + 1, vec![name.to_string()], &mut paths);
                found.extend(paths.into_iter().filter_map(|path| leave(path, depth)));
            }
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                let is_module = at >= 2 && is_ident(&tokens[at - 2], "mod");
                collect(&inner, children, depth + usize::from(is_module), found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Removes the `super` that only leave inline modules. Returns `None` for a path that stays in them.
fn leave(mut reference: Reference, depth: usize) -> Option<Reference> {
    let supers = reference
        .segments
        .iter()
        .take_while(|name| *name == "super")
        .count();
    reference.segments.drain(..supers.min(depth));
    (supers == 0 || supers > depth).then_some(reference)
}

fn starts_path(tokens: &[TokenTree], at: usize, children: &BTreeSet<String>) -> bool {
    let name = tokens[at].to_string();
    let is_start = matches!(&*name, "crate" | "super" | "self") || children.contains(&name);
    is_start && separator(tokens, at + 1) && !(at >= 2 && separator(tokens, at - 2))
}

/// Reads the rest of a path whose first segments have been read, and returns where it ends.
fn path(
    tokens: &[TokenTree],
    mut at: usize,
    mut segments: Vec<String>,
    found: &mut BTreeSet<Reference>,
) -> usize {
    let line = tokens[at - 1].span().start().line;
    while separator(tokens, at) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(name)) => {
                segments.push(name.to_string());
                at += 3;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for part in inner.split(|token| is_punct(token, ',')) {
                    if let Some(TokenTree::Ident(name)) = part.first() {
                        let mut segments = segments.clone();
                        segments.push(name.to_string());
                        path(part, 1, segments, found);
                    }
                }
                return at + 3;
            }
            _ => break,
        }
    }
    found.insert(Reference { segments, line });
    at
}

fn separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at| tokens.get(at).is_some_and(|token| is_punct(token, ':'));
    is_colon(at) && is_colon(at + 1)
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}
