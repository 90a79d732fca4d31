//! Error bodies and headers: their texts are bounded and have no secret, in any form that is promised.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants_fuzz::client::{KEY, Reply, block_on, client};
use openai_assistants_fuzz::json_mutator;
use openai_assistants_fuzz::leak::leak;

/// Four bytes in place of the key: a mutation finds them more easily than the key.
const PLACEHOLDERS: [&str; 5] = ["@KEY", "@PCT", "@B64", "@URL", "@JSN"];

fuzz_target!(|data: &[u8]| {
    let text = filled(&String::from_utf8_lossy(data));
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    let (status, headers) = head.split_once(' ').unwrap_or((head, ""));
    let status = status.parse().unwrap_or(400);
    if !(200..600).contains(&status) {
        return;
    }
    let headers = headers.split('\t').filter_map(|header| {
        let (name, value) = header.split_once(": ")?;
        let name: HeaderName = name.parse().ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    let reply = Reply {
        status,
        headers: headers.collect(),
        chunks: vec![Bytes::copy_from_slice(body.as_bytes())],
    };
    let call = client(reply)
        .get_run()
        .thread_id("thread_1")
        .run_id("run_1");
    let Err(error) = block_on(call.send()) else {
        return;
    };
    let display = error.to_string();
    assert!(display.len() < 8 * 1024, "{} bytes", display.len());
    let source = std::error::Error::source(&error).map(ToString::to_string);
    let texts = [
        display,
        format!("{error:?}"),
        error.message().to_owned(),
        error.body().unwrap_or_default().to_owned(),
        format!("{:?}", error.headers()),
        source.unwrap_or_default(),
    ];
    let _ = (
        error.code(),
        error.param(),
        error.api_type(),
        error.request_id(),
    );
    for text in texts {
        if let Some(form) = leak(&text, KEY) {
            panic!("{form}: {text}");
        }
    }
});

/// Replaces the placeholders by the forms of the key.
fn filled(text: &str) -> String {
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let json: String = KEY
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect();
    let forms = [
        KEY,
        &percent,
        &STANDARD.encode(KEY),
        &URL_SAFE.encode(KEY),
        &json,
    ];
    let filled = PLACEHOLDERS.iter().zip(forms);
    filled.fold(text.to_owned(), |text, (placeholder, form)| {
        text.replace(placeholder, form)
    })
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
