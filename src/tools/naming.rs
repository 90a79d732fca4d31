//! Names of tools and response formats.

/// The API accepts at most 64 characters.
const MAX_LENGTH: usize = 64;

/// Checks that the API accepts a name. The error is the reason.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if (1..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(format!(
        "invalid name `{}`: use 1 to {MAX_LENGTH} ASCII letters, digits, `_` or `-`",
        name.escape_debug()
    ))
}

/// Converts `GetWeather` to `get_weather`, and `HTTPGet` to `http_get`.
pub(super) fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(at + 1);
        let is_word_start = character.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if is_word_start {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_become_snake_case() {
        for (name, expected) in [
            ("GetWeather", "get_weather"),
            ("HTTPGet", "http_get"),
            ("Get2Days", "get2_days"),
            ("X", "x"),
            ("already_so", "already_so"),
            ("GetURL", "get_url"),
            ("", ""),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }
}
