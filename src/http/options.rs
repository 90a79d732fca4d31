//! The options of a single call.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::core::{Error, Result};
use crate::http::header;
use crate::http::retry_policy::RetryPolicy;
use crate::http::time_limits::TimeLimits;
use crate::json::deep_merge::deep_merge;
use crate::json::secret::{self, Secret};

/// A server that has received the key before returns the same response again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Settings of a single call, in addition to those of its client.
///
/// They are allocated with the first setting. Most calls have no settings, and builders are moved often.
#[derive(Clone, Default)]
pub(crate) struct RequestOptions(Option<Box<Settings>>);

impl Deref for RequestOptions {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        static NONE: LazyLock<Settings> = LazyLock::new(Settings::default);
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for RequestOptions {
    fn deref_mut(&mut self) -> &mut Settings {
        self.0.get_or_insert_default()
    }
}

impl RequestOptions {
    /// Returns the options for a further call, without what identifies a single call.
    pub(crate) fn for_further_call(&self) -> Self {
        let mut options = self.clone();
        if let Some(settings) = &mut options.0 {
            settings.headers.remove(IDEMPOTENCY_KEY);
            settings.extra_body = None;
            settings.once = false;
        }
        options
    }
}

/// The settings in [`RequestOptions`].
#[derive(Clone, Default)]
pub(crate) struct Settings {
    headers: HeaderMap,
    query: Vec<(String, String)>,
    pub(crate) limits: TimeLimits,
    pub(crate) retry: Option<RetryPolicy>,
    /// Whether a created object is looked up after an unknown failure.
    pub(crate) once: bool,
    /// Secrets that the body contains for another server. Errors must not repeat them.
    pub(crate) body_secrets: Vec<Secret>,
    /// Properties that are merged into the body.
    extra_body: Option<Value>,
    /// The first invalid argument, with the reason.
    error: Option<(&'static str, String)>,
}

impl Settings {
    /// Adds a header.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match header::parse(name, value) {
            Ok((name, value)) => drop(self.headers.insert(name, value)),
            Err(reason) => self.fail("header", reason),
        }
    }

    /// Adds properties to the body. They are merged into earlier ones.
    pub(crate) fn extra_body(&mut self, properties: &impl Serialize) {
        let (properties, secrets) = secret::collect(|| serde_json::to_value(properties));
        self.body_secrets.extend(secrets);
        match properties {
            Ok(properties @ Value::Object(_)) => {
                let extra = self.extra_body.get_or_insert_with(|| json!({}));
                deep_merge(extra, &properties);
            }
            Ok(_) => self.fail("extra_body", "it is not an object".to_owned()),
            Err(error) => self.fail("extra_body", error.to_string()),
        }
    }

    fn fail(&mut self, argument: &'static str, reason: String) {
        self.error.get_or_insert((argument, reason));
    }

    /// Adds a query parameter.
    pub(crate) fn query(&mut self, name: String, value: String) {
        self.query.push((name, value));
    }

    /// Returns the value of a query parameter.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        let (_, value) = pairs.find(|(other, _)| other == name)?;
        Some(value)
    }

    /// Replaces a query parameter.
    pub(crate) fn set_query(&mut self, name: &str, value: Option<String>) {
        self.query.retain(|(other, _)| other != name);
        self.query
            .extend(value.map(|value| (name.to_owned(), value)));
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Merges the extra properties into a body. Returns `None` without extra properties.
    pub(crate) fn extended(&self, body: &impl Serialize) -> Option<serde_json::Result<Value>> {
        let extra = self.extra_body.as_ref()?;
        let body = serde_json::to_value(body);
        Some(body.map(|mut body| {
            deep_merge(&mut body, extra);
            body
        }))
    }

    /// Returns the headers, or an error if an argument is invalid.
    pub(crate) fn checked_headers(&self) -> Result<&HeaderMap> {
        match &self.error {
            Some((argument, reason)) => Err(Error::invalid_argument(argument, reason)),
            None => Ok(&self.headers),
        }
    }

    pub(crate) fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }
}

impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values may be secrets.
        f.debug_struct("RequestOptions")
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field(
                "query",
                &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// The setters of a call that add to the settings of its client. Paths are in full: an operation may be named
/// like a type of the prelude.
macro_rules! request_options {
    () => {
        /// Adds a header to this call.
        ///
        /// It replaces a header of the client with the same name.
        pub fn header(
            mut self,
            name: impl ::std::convert::AsRef<str>,
            value: impl ::std::convert::AsRef<str>,
        ) -> Self {
            self.options.header(name.as_ref(), value.as_ref());
            self
        }

        /// Adds a query parameter to this call.
        ///
        /// It replaces parameters of the client with the same name.
        pub fn query(
            mut self,
            name: impl ::std::convert::Into<::std::string::String>,
            value: impl ::std::convert::Into<::std::string::String>,
        ) -> Self {
            self.options.query(name.into(), value.into());
            self
        }

        /// Sets the time-out for establishing a connection for this call.
        ///
        /// It has no effect on an existing [`http_client`](crate::ClientBuilder::http_client).
        pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.limits.connect = Some(timeout);
            self
        }

        /// Sets the time-out of each attempt of this call.
        ///
        /// The default is that of the client, or else 600 s. An upload has 1 s more for each MiB, or one hour if
        /// its length is unknown.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.limits.attempt = Some(timeout);
            self
        }

        /// Sets the time-out of this call, over all its attempts and the waits between them.
        ///
        /// For a stream or a download it ends when that opens.
        pub fn total_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.limits.total = Some(timeout);
            self
        }

        /// Sets how long the stream of this call may send nothing.
        pub fn stream_idle_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.limits.stream_idle = Some(timeout);
            self
        }

        /// Sets the retry policy of this call.
        pub fn retry(mut self, policy: crate::http::retry_policy::RetryPolicy) -> Self {
            self.options.retry = Some(policy);
            self
        }
    };
}

/// The setters of a call with a JSON body.
macro_rules! body_options {
    () => {
        $crate::http::options::extra_body! {
            /// Adds properties to the JSON of the body, beyond the document.
            ///
            /// Objects are merged deeply. Any other value replaces that of the body, and null is sent as null,
            /// so that a `modify_…` call can clear a field. It applies to this call only, not to the further
            /// calls of a followed run.
        }
    };
}

/// The setters of a call whose body is a form with a file.
#[allow(unused_macros, reason = "a document may have no uploads")]
macro_rules! form_options {
    () => {
        $crate::http::options::extra_body! {
            /// Adds fields to the form, beyond the document, in front of the file.
            ///
            /// The properties are merged into those of the body, and the result is sent as texts: `a[b]` for the
            /// property of an object, `a[]` for each item of a list. Null leaves a field out.
        }
    };
}

macro_rules! extra_body {
    ($(#[$documentation:meta])*) => {
        $(#[$documentation])*
        pub fn extra_body(mut self, properties: impl serde::Serialize) -> Self {
            self.options.extra_body(&properties);
            self
        }
    };
}

#[allow(unused_imports, reason = "a document may have no uploads")]
pub(crate) use form_options;
pub(crate) use {body_options, extra_body, request_options};
