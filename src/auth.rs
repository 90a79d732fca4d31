//! Who the client is to the server.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use crate::{Error, Result};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

const BEARER: &str = "Bearer ";

/// What a client shows to be let in. `Debug` shows its kind and no secret.
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
/// A credential of Entra, as the Azure SDK has them, keeps its tokens for as long as they
/// are good, so a closure is enough. Here a stand-in takes its place:
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

/// A source of bearer tokens that change over time, such as an Entra credential.
///
/// It is asked at every attempt, so it should keep a token for as long as the token
/// is good. When the server refuses one (401), the source is asked to
/// [`refresh`](Self::refresh) it, once in a call, and the call is made again with the
/// other token; without delay, and beyond what the [`RetryPolicy`](crate::RetryPolicy)
/// allows.
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
///     kept: Mutex<Option<String>>,
/// }
///
/// impl Vault {
///     fn kept(&self) -> Option<String> {
///         self.kept.lock().unwrap().clone()
///     }
/// }
///
/// impl TokenProvider for Vault {
///     fn token(&self) -> Token<'_> {
///         Box::pin(async {
///             if let Some(token) = self.kept() {
///                 return Ok(token);
///             }
///             let token = "today's token".to_owned(); // from wherever it comes
///             *self.kept.lock().unwrap() = Some(token.clone());
///             Ok(token)
///         })
///     }
///
///     fn refresh<'a>(&'a self, refused: &'a str) -> Token<'a> {
///         // Another call may have come first, and then has the new token here.
///         self.kept.lock().unwrap().take_if(|kept| kept == refused);
///         self.token()
///     }
/// }
///
/// let credentials = Credentials::provider(Vault::default());
/// ```
pub trait TokenProvider: Send + Sync + 'static {
    /// A token that is good now, without the word `Bearer`.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send + '_>>;

    /// A token in place of one that the server has just refused, which may have expired
    /// before its time. Unless a provider does more about it, it is asked for a
    /// [`token`](Self::token) as ever. The same token again says that there is no other:
    /// the caller gets the 401.
    fn refresh<'a>(
        &'a self,
        refused: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send + 'a>> {
        let _ = refused;
        self.token()
    }
}

struct Callback<F>(F);

impl<F, T, E, A> TokenProvider for Callback<F>
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Result<T, E>> + Send + 'static,
    T: Into<String>,
    E: Into<BoxError>,
{
    fn token(&self) -> BoxFuture<'_, Result<String, BoxError>> {
        let answer = (self.0)();
        Box::pin(async move { answer.await.map(Into::into).map_err(Into::into) })
    }
}

impl Credentials {
    /// A key that is sent as `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(key: impl AsRef<str>) -> Self {
        Self(Kind::Fixed(secret(key.as_ref()).and_then(bearer)))
    }

    /// A key that is sent as it is in a header of its own, as with `api-key`.
    #[must_use]
    pub fn header(name: impl AsRef<str>, key: impl AsRef<str>) -> Self {
        let name = HeaderName::from_bytes(name.as_ref().as_bytes()).map_err(|_| {
            format!(
                "`{}` is not the name of a header",
                name.as_ref().escape_debug()
            )
        });
        Self(Kind::Fixed(
            name.and_then(|name| Ok((name, value(secret(key.as_ref())?)?))),
        ))
    }

    /// A function that is asked for a bearer token at every attempt, and once more if the
    /// server refuses the token.
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

    /// A source that is asked for a bearer token at every attempt, and once more if the
    /// server refuses the token.
    #[must_use]
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self(Kind::Provider(Arc::new(provider)))
    }

    /// Nothing at all, for a server that lets everybody in.
    #[must_use]
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// The header of a fixed key, which goes with every request. Fails if it cannot be sent.
    pub(crate) fn fixed(&self) -> Result<Option<&(HeaderName, HeaderValue)>> {
        match &self.0 {
            Kind::Fixed(header) => header.as_ref().map(Some).map_err(Error::configuration),
            _ => Ok(None),
        }
    }

    /// The header of a token to send with the next attempt, where there is a source of them.
    pub(crate) async fn current(&self) -> Result<Option<(HeaderName, HeaderValue)>> {
        match &self.0 {
            Kind::None | Kind::Fixed(_) => Ok(None),
            Kind::Provider(provider) => token_header(provider.token().await).map(Some),
        }
    }

    /// The header to send in place of one that the server has refused. Nothing if there
    /// is no other.
    pub(crate) async fn renewed(
        &self,
        (_, refused): &(HeaderName, HeaderValue),
    ) -> Result<Option<(HeaderName, HeaderValue)>> {
        let Kind::Provider(provider) = &self.0 else {
            return Ok(None);
        };
        let token = refused.to_str().ok();
        let token = token.and_then(|value| value.strip_prefix(BEARER));
        let renewed = token_header(provider.refresh(token.unwrap_or_default()).await)?;
        Ok((renewed.1 != refused).then_some(renewed))
    }
}

/// The header of a token that a provider has given.
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
        "the key or token has a character that a header cannot carry: look for line breaks and letters with accents in it",
    )?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::None => f.write_str("None"),
            Kind::Fixed(Ok((name, _))) => write!(f, "Header({name}: ***)"),
            Kind::Fixed(Err(_)) => f.write_str("Unusable"),
            Kind::Provider(_) => f.write_str("Provider"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(credentials: Credentials) -> Option<(String, String)> {
        let fixed = credentials.fixed().expect("they can be sent").cloned();
        let current = credentials.current().await.expect("they can be sent");
        let (name, value) = fixed.or(current)?;
        assert!(value.is_sensitive());
        Some((name.to_string(), value.to_str().unwrap().to_owned()))
    }

    #[tokio::test]
    async fn each_kind_has_its_header() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(
            sent(Credentials::bearer("k")).await,
            pair("authorization", "Bearer k")
        );
        assert_eq!(
            sent(Credentials::header("API-Key", "k")).await,
            pair("api-key", "k")
        );
        let callback = Credentials::from_fn(|| async { Ok::<_, std::io::Error>("t\n") });
        assert_eq!(sent(callback).await, pair("authorization", "Bearer t"));
        assert_eq!(sent(Credentials::none()).await, None);
    }

    #[test]
    fn keys_that_cannot_be_sent_are_refused_without_being_shown() {
        for key in ["", "  ", "\n", "secret\n", "secret\0", "geheimniß"] {
            for credentials in [
                Credentials::bearer(key),
                Credentials::header("api-key", key),
            ] {
                let error = credentials.fixed().expect_err("it is refused");
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
    async fn a_provider_that_fails_is_an_authentication_error() {
        let failing = Credentials::from_fn(|| async { Err::<String, _>("the vault is closed") });
        let error = failing.current().await.expect_err("it fails");
        assert!(error.is_authentication());
        assert!(error.to_string().contains("the vault is closed"), "{error}");

        let blank = Credentials::from_fn(|| async { Ok::<_, std::io::Error>(" ") });
        assert!(blank.current().await.is_err());
    }
}
