//! Parses base URLs and endpoints.

use reqwest::Url;

/// Parses a URL, or returns why it cannot be used. `what` and `example` are for the message.
pub(super) fn parse(what: &str, text: &str, example: &str) -> Result<Url, String> {
    // Not quoted if it may contain a secret.
    let quoted = if text.contains(['@', '?']) {
        String::new()
    } else {
        format!(" `{}`", text.escape_debug())
    };
    let invalid = |reason: &str| {
        Err(format!(
            "the {what}{quoted} {reason}: use one such as {example}"
        ))
    };
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(_) if text.trim().is_empty() => return invalid("is empty"),
        Err(error) => return invalid(&format!("is not a valid URL ({error})")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return invalid("is neither http nor https");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return invalid("has no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("has a user name or password, which belong in `credentials`");
    }
    if url.query().is_some() {
        return invalid("has a query, which belongs in `query`");
    }
    if url.fragment().is_some() {
        return invalid("has a fragment");
    }
    Ok(url)
}

/// Parses an Azure OpenAI endpoint and appends `/openai`, unless it is there.
pub(super) fn azure_openai(endpoint: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "https://example.openai.azure.com";
    let mut url = parse("endpoint", endpoint, EXAMPLE)?;
    let path = url.path().trim_end_matches('/');
    match path.rsplit('/').position(|segment| segment == "openai") {
        None => {
            let path = format!("{path}/openai");
            url.set_path(&path);
            Ok(url)
        }
        Some(0) => Ok(url),
        Some(_) => Err(format!(
            "the endpoint `{}` continues after `/openai`: leave that out, such as {EXAMPLE}",
            url.as_str().trim_end_matches('/')
        )),
    }
}
