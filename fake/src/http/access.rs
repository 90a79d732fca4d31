//! Authentication, and the check of the API version.

use axum::http::HeaderMap;

use crate::api_error::ApiError;

/// Checks the bearer token, or the `api-key` header of Azure OpenAI.
///
/// Accepts any key if no key is set.
pub(crate) fn check_key(
    key: Option<&str>,
    headers: &HeaderMap,
    accepts_header: bool,
) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    let given = bearer.or_else(|| text("api-key").filter(|_| accepts_header));
    let given = given.map(str::trim);
    match (given.filter(|given| !given.is_empty()), key) {
        (None, _) => Err(ApiError::missing_key()),
        (Some(given), Some(key)) if given != key => Err(ApiError::incorrect_key()),
        _ => Ok(()),
    }
}

pub(crate) fn check_beta_header(headers: &HeaderMap) -> Result<(), ApiError> {
    let values = headers.get_all("openai-beta").iter();
    let mut values = values.filter_map(|value| value.to_str().ok());
    let is_v2 = |value: &str| value.split(',').any(|beta| beta.trim() == "assistants=v2");
    if values.any(is_v2) {
        Ok(())
    } else {
        Err(ApiError::missing_beta_header())
    }
}
