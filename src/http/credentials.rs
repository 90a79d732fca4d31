//! How the client authenticates: keys and token providers.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use crate::error::core::{Error, Result};
use crate::http::header;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

const BEARER: &str = "Bearer ";

/// How the client authenticates.
///
/// The `Debug` output contains no secrets.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, Credentials};
///
/// let bearer = Credentials::bearer("sk-test");
/// let azure = Credentials::header("api-key", "0123456789abcdef");
/// let rotating = Credentials::from_fn(|| async { std::fs::read_to_string("/run/secrets/token") });
///
/// let client = Client::builder().credentials(azure).build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
///
/// Entra credentials of the Azure SDK cache their tokens, so a closure is enough. This example
/// has a stand-in for one:
///
/// ```
/// use std::sync::Arc;
/// use openai_assistants::Credentials;
///
/// struct EntraCredential;
///
/// struct AccessToken {
///     token: String,
/// }
///
/// impl EntraCredential {
///     async fn get_token(&self, scopes: &[&str]) -> Result<AccessToken, std::io::Error> {
///         Ok(AccessToken { token: format!("a token for {scopes:?}") })
///     }
/// }
///
/// let entra = Arc::new(EntraCredential);
/// let credentials = Credentials::from_fn(move || {
///     let entra = Arc::clone(&entra);
///     async move {
///         let token = entra.get_token(&["https://ai.azure.com/.default"]).await?;
///         Ok::<_, std::io::Error>(token.token)
///     }
/// });
/// ```
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    None,
    Fixed(Result<(HeaderName, HeaderValue), String>),
    Provider(Arc<dyn TokenProvider>),
}

/// A provider of bearer tokens that expire, such as those of Entra.
///
/// [`token`](Self::token) is called for every attempt, so a provider should cache its token. On
/// 401 the token is [refreshed](Self::refresh) once per call and the request is resent
/// immediately. This does not count as a retry of the [`RetryPolicy`](crate::RetryPolicy).
///
/// # Examples
///
/// ```
/// use std::error::Error;
/// use std::pin::Pin;
/// use std::sync::Mutex;
/// use openai_assistants::{Credentials, TokenProvider};
///
/// type Token<'a> = Pin<Box<dyn Future<Output = Result<String, Box<dyn Error + Send + Sync>>> + Send + 'a>>;
///
/// #[derive(Default)]
/// struct Vault {
///     cached: Mutex<Option<String>>,
/// }
///
/// impl Vault {
///     fn cached(&self) -> Option<String> {
///         self.cached.lock().unwrap().clone()
///     }
/// }
///
/// impl TokenProvider for Vault {
///     fn token(&self) -> Token<'_> {
///         Box::pin(async {
///             if let Some(token) = self.cached() {
///                 return Ok(token);
///             }
///             let token = "today's token".to_owned(); // fetched from the vault
///             *self.cached.lock().unwrap() = Some(token.clone());
///             Ok(token)
///         })
///     }
///
///     fn refresh<'a>(&'a self, rejected: &'a str) -> Token<'a> {
///         // A concurrent call may have refreshed it already.
///         self.cached.lock().unwrap().take_if(|token| token == rejected);
///         self.token()
///     }
/// }
///
/// let credentials = Credentials::provider(Vault::default());
/// ```
pub trait TokenProvider: Send + Sync + 'static {
    /// Returns a valid token, without the prefix `Bearer`.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send + '_>>;

    /// Returns a token in place of one that the server rejected.
    ///
    /// The default calls [`token`](Self::token). Return the same token if there is no other: the
    /// call then fails with the 401.
    fn refresh<'a>(
        &'a self,
        rejected: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send + 'a>> {
        let _ = rejected;
        self.token()
    }
}

/// A function as a token provider.
struct Callback<F>(F);

impl<F, T, E, A> TokenProvider for Callback<F>
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Result<T, E>> + Send + 'static,
    T: Into<String>,
    E: Into<BoxError>,
{
    fn token(&self) -> BoxFuture<'_, Result<String, BoxError>> {
        let token = (self.0)();
        Box::pin(async move { token.await.map(Into::into).map_err(Into::into) })
    }
}

impl Credentials {
    /// Creates credentials from a key, sent as `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(key: impl AsRef<str>) -> Self {
        Self(Kind::Fixed(secret(key.as_ref()).and_then(bearer)))
    }

    /// Creates credentials from a key for a header such as `api-key`.
    #[must_use]
    pub fn header(name: impl AsRef<str>, key: impl AsRef<str>) -> Self {
        let name = header::parse_name(name.as_ref());
        Self(Kind::Fixed(
            name.and_then(|name| Ok((name, value(secret(key.as_ref())?)?))),
        ))
    }

    /// Creates credentials from a function that returns bearer tokens.
    ///
    /// It is called for every attempt, and once more if the server rejects a token.
    #[must_use]
    pub fn from_fn<F, A, T, E>(token: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<String>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::provider(Callback(token))
    }

    /// Creates credentials from a [`TokenProvider`].
    #[must_use]
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self(Kind::Provider(Arc::new(provider)))
    }

    /// Creates empty credentials, for servers without authentication.
    #[must_use]
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// Returns the header of a fixed key, which every request has. Fails if the key is invalid.
    pub(crate) fn fixed(&self) -> Result<Option<&(HeaderName, HeaderValue)>> {
        match &self.0 {
            Kind::Fixed(header) => header.as_ref().map(Some).map_err(Error::configuration),
            _ => Ok(None),
        }
    }

    /// Returns the provider of the tokens, if there is one.
    pub(super) fn token_provider(&self) -> Option<&Arc<dyn TokenProvider>> {
        match &self.0 {
            Kind::None | Kind::Fixed(_) => None,
            Kind::Provider(provider) => Some(provider),
        }
    }
}

/// Returns the header of a token for the next attempt.
pub(super) async fn current(provider: &dyn TokenProvider) -> Result<(HeaderName, HeaderValue)> {
    token_header(provider.token().await)
}

/// Returns the header to send in place of one that the server rejected, if there is another.
pub(super) async fn renew(
    provider: &dyn TokenProvider,
    (_, rejected): &(HeaderName, HeaderValue),
) -> Result<Option<(HeaderName, HeaderValue)>> {
    let token = rejected.to_str().ok();
    let token = token.and_then(|value| value.strip_prefix(BEARER));
    let renewed = token_header(provider.refresh(token.unwrap_or_default()).await)?;
    Ok((renewed.1 != rejected).then_some(renewed))
}

/// Returns the header of a token from a provider.
fn token_header(token: Result<String, BoxError>) -> Result<(HeaderName, HeaderValue)> {
    let token = token.map_err(Error::credentials)?;
    let header = secret(token.trim()).and_then(bearer);
    header.map_err(|reason| Error::credentials(reason.into()))
}

fn secret(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() {
        Err("the key or token is empty".to_owned())
    } else {
        Ok(text)
    }
}

fn bearer(token: &str) -> Result<(HeaderName, HeaderValue), String> {
    Ok((AUTHORIZATION, value(&format!("{BEARER}{token}"))?))
}

fn value(text: &str) -> Result<HeaderValue, String> {
    // The reason must not quote the key.
    let mut value = HeaderValue::from_str(text).ok().filter(|value| value.to_str().is_ok()).ok_or(
        "the key or token has a character that is not allowed in headers: remove line breaks and non-ASCII letters",
    )?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::None => f.write_str("None"),
            Kind::Fixed(Ok((name, _))) => write!(f, "Header({name}: ***)"),
            Kind::Fixed(Err(_)) => f.write_str("Invalid"),
            Kind::Provider(_) => f.write_str("Provider"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn header_of(credentials: Credentials) -> Option<(String, String)> {
        let fixed = credentials.fixed().expect("they are valid").cloned();
        let (name, value) = match credentials.token_provider() {
            Some(provider) => current(&**provider).await.expect("they are valid"),
            None => fixed?,
        };
        assert!(value.is_sensitive());
        Some((name.to_string(), value.to_str().unwrap().to_owned()))
    }

    #[tokio::test]
    async fn each_kind_has_its_header() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(
            header_of(Credentials::bearer("k")).await,
            pair("authorization", "Bearer k")
        );
        assert_eq!(
            header_of(Credentials::header("API-Key", "k")).await,
            pair("api-key", "k")
        );
        let callback = Credentials::from_fn(|| async { Ok::<_, std::io::Error>("t\n") });
        assert_eq!(header_of(callback).await, pair("authorization", "Bearer t"));
        assert_eq!(header_of(Credentials::none()).await, None);
    }

    #[test]
    fn invalid_keys_are_rejected_and_not_shown() {
        for key in ["", "  ", "\n", "secret\n", "secret\0", "geheimniß"] {
            for credentials in [
                Credentials::bearer(key),
                Credentials::header("api-key", key),
            ] {
                let error = credentials.fixed().expect_err("the key is invalid");
                assert!(error.is_invalid_argument());
                assert!(
                    !format!("{error} {error:?} {credentials:?}").contains("ecret"),
                    "{error:?}"
                );
                assert!(
                    !format!("{error} {error:?} {credentials:?}").contains("geheim"),
                    "{error:?}"
                );
            }
        }
        assert!(Credentials::header("api key", "k").fixed().is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let all = [
            Credentials::bearer("hush"),
            Credentials::header("api-key", "hush"),
            Credentials::from_fn(|| async { Ok::<_, std::io::Error>("hush") }),
        ];
        assert_eq!(
            format!("{all:?}"),
            "[Header(authorization: ***), Header(api-key: ***), Provider]"
        );
    }

    #[tokio::test]
    async fn a_failed_provider_is_an_authentication_error() {
        let failing = Credentials::from_fn(|| async { Err::<String, _>("the vault is closed") });
        let token = current(&**failing.token_provider().expect("there is one"));
        let error = token.await.expect_err("the provider fails");
        assert!(error.is_authentication());
        assert!(error.to_string().contains("the vault is closed"), "{error}");

        let blank = Credentials::from_fn(|| async { Ok::<_, std::io::Error>(" ") });
        let token = current(&**blank.token_provider().expect("there is one"));
        assert!(token.await.is_err());
    }
}
