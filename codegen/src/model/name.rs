//! Names in Rust of what a document names: operations, parameters, types, fields and variants.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};

/// The name of a method, a parameter or a field.
pub fn snake(name: &str) -> String {
    identifier(name, &|name| name.to_snake_case())
}

/// The name of a type or a variant.
pub fn pascal(name: &str) -> String {
    identifier(name, &|name| name.to_upper_camel_case())
}

/// Names that differ from each other and from reserved ones, in the order of the originals.
///
/// A reserved name gets an underscore, a repeated one a number.
pub fn distinct<'a>(
    originals: impl IntoIterator<Item = &'a str>,
    case: fn(&str) -> String,
    reserved: &[&str],
) -> Vec<String> {
    let names = originals.into_iter().map(|original| {
        let name = case(original);
        match reserved.contains(&&*name) {
            true => name + "_",
            false => name,
        }
    });
    let names: Vec<String> = names.collect();
    let all: BTreeSet<&String> = names.iter().collect();
    let mut taken = BTreeSet::new();
    let first_free = |name: &String, taken: &BTreeSet<String>| {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut free = numbered.filter(|name| !all.contains(name) && !taken.contains(name));
        free.next()
    };
    let mut distinct = Vec::new();
    for name in &names {
        let name = match taken.contains(name) {
            true => first_free(name, &taken).unwrap_or_default(),
            false => name.clone(),
        };
        taken.insert(name.clone());
        distinct.push(name);
    }
    distinct
}

/// A valid identifier: that of typify, whose fields keep their names.
fn identifier(name: &str, case: &dyn Fn(&str) -> String) -> String {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let name = match name {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => case(&name.replace('\'', "").replace(|c| !is_part(c), "-")),
    };
    let name = match name.starts_with(char::is_alphabetic) {
        true => name,
        false => case("x") + &name,
    };
    // `gen` is a keyword that syn does not know.
    match syn::parse_str::<syn::Ident>(&name).is_ok() && name != "gen" {
        true => name,
        false => name + "_",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        for (name, snake_case, pascal_case) in [
            ("tool_calls", "tool_calls", "ToolCalls"),
            ("getV2Thing", "get_v2_thing", "GetV2Thing"),
            ("include[]", "include", "Include"),
            ("type", "type_", "Type"),
            ("gen", "gen_", "Gen"),
            ("self", "self_", "Self_"),
            ("2xx", "x2xx", "X2xx"),
            ("<", "x", "X"),
            ("+1", "plus1", "plus1"),
            ("don't", "dont", "Dont"),
        ] {
            assert_eq!(snake(name), snake_case);
            assert_eq!(pascal(name), pascal_case);
        }
    }

    #[test]
    fn names_are_distinct() {
        assert_eq!(
            distinct(["a b", "a-b", "a_b2"], pascal, &[]),
            ["AB", "AB3", "AB2"]
        );
        assert_eq!(distinct(["<", ">", "="], pascal, &[]), ["X", "X2", "X3"]);
        assert_eq!(
            distinct(["build", "name", "Name"], snake, &["build"]),
            ["build_", "name", "name2"]
        );
    }
}
