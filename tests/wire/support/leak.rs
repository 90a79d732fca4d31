//! Finds a secret in a text, in each form in which servers echo one.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

/// Returns the form in which a text has a secret.
pub fn leak(text: &str, secret: &str) -> Option<&'static str> {
    let is_in = |text: &[u8]| {
        let mut windows = text.windows(secret.len());
        windows.any(|window| window == secret.as_bytes())
    };
    let percent: Vec<u8> = percent_decode_str(text).collect();
    let forms = [
        ("bare", is_in(text.as_bytes())),
        ("percent-encoded", is_in(&percent)),
        ("escaped as JSON", is_in(unescaped(text).as_bytes())),
        ("in base64", base64_texts(text).any(|text| is_in(&text))),
    ];
    let mut found = forms.into_iter().filter(|(_, is_found)| *is_found);
    found.next().map(|(form, _)| form)
}

/// Reverts the escapes `\u00XX` and `\/`.
fn unescaped(text: &str) -> String {
    let text = text.replace("\\/", "/");
    let mut parts = text.split("\\u00");
    let mut unescaped = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..2);
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                unescaped.push(code.into());
                unescaped.push_str(&part[2..]);
            }
            None => unescaped.push_str(part),
        }
    }
    unescaped
}

/// What the parts of a text decode to that may be base64, from each position in a group of four.
fn base64_texts(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let is_base64 =
        |character: char| character.is_ascii_alphanumeric() || "+/-_".contains(character);
    let parts = text.split(move |character| !is_base64(character));
    parts.filter(|part| part.len() >= 8).flat_map(|part| {
        let starts = (0..4).map(|start| &part[start..]);
        let groups = starts.map(|rest| &rest[..rest.len() - usize::from(rest.len() % 4 == 1)]);
        groups.flat_map(|groups| {
            [STANDARD, URL_SAFE]
                .into_iter()
                .filter_map(move |alphabet| {
                    let config = GeneralPurposeConfig::new()
                        .with_decode_allow_trailing_bits(true)
                        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
                    GeneralPurpose::new(&alphabet, config).decode(groups).ok()
                })
        })
    })
}
