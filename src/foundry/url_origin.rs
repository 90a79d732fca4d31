//! The part of a URL that `Debug` shows.

use reqwest::Url;

/// Returns the origin of a URL. The other parts may contain secrets.
pub(super) fn url_origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    Some(url.origin().ascii_serialization())
}
