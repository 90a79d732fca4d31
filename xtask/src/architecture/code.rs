//! Tells code from tests, comments and blank lines.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Returns the tokens of a file without the items that are marked `#[cfg(test)]`.
pub fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_attribute = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if !is_attribute || !tokens.peek().is_some_and(is_cfg_test) {
            kept.push(token);
            continue;
        }
        // The item ends with its body or a semicolon.
        let ends_item = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        tokens.by_ref().find(ends_item);
    }
    kept
}

fn is_cfg_test(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.to_string().replace(' ', "") == "[cfg(test)]")
}

/// Returns the modules that a file declares for tests only: `#[cfg(test)] mod tests;`.
pub fn test_modules(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let declared = tokens.windows(5).filter_map(|window| match window {
        [
            _,
            cfg,
            TokenTree::Ident(keyword),
            TokenTree::Ident(name),
            TokenTree::Punct(end),
        ] if is_cfg_test(cfg) && keyword == "mod" && end.as_char() == ';' => Some(name.to_string()),
        _ => None,
    });
    declared.collect()
}

/// Returns the number of lines with code, apart from tests, comments and blank lines.
pub fn lines_of_code(tokens: TokenStream) -> usize {
    let mut lines = BTreeSet::new();
    add_lines(without_tests(tokens), &mut lines);
    lines.len()
}

fn add_lines(tokens: Vec<TokenTree>, lines: &mut BTreeSet<usize>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                lines.insert(group.span_open().start().line);
                lines.insert(group.span_close().end().line);
                add_lines(group.stream().into_iter().collect(), lines);
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                // A documentation comment is an attribute to the parser.
                if let Some(TokenTree::Punct(_)) = tokens.peek() {
                    tokens.next();
                }
                match tokens.peek() {
                    Some(TokenTree::Group(group)) if group.to_string().starts_with("[doc =") => {
                        tokens.next();
                    }
                    _ => drop(lines.insert(punct.span().start().line)),
                }
            }
            token => {
                let span = token.span();
                lines.extend(span.start().line..=span.end().line);
            }
        }
    }
}
