//! TLS: the certificates of the caller, and the cryptography provider of `rustls-ring`.
//!
//! The library is reqwest's default, and nothing here overrides what callers set on the builder of
//! reqwest.

#[cfg(has_tls)]
use crate::error::clip::root_cause;

/// Whether the build supports `https`.
pub(crate) const IS_SUPPORTED: bool = cfg!(has_tls);

/// Certificates and keys as PEM.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    pub(crate) roots: Vec<Vec<u8>>,
    /// Whether the roots replace those of the system.
    pub(crate) is_only: bool,
    /// The certificate of the client and its key.
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Certificates {
    /// Applies the certificates. Without `has_roots` no certificates of the system are read, for
    /// plain HTTP: containers may lack them, and reading them takes time.
    #[cfg(has_tls)]
    pub(crate) fn apply(
        &self,
        mut builder: reqwest::ClientBuilder,
        has_roots: bool,
    ) -> Result<reqwest::ClientBuilder, String> {
        // rustls has no default where more than one provider is built in. It is an error if the
        // program has installed one, which then is used.
        #[cfg(feature = "rustls-ring")]
        let _ = rustls::crypto::ring::default_provider().install_default();

        for pem in &self.roots {
            let roots =
                reqwest::Certificate::from_pem_bundle(pem).map_err(invalid("root certificate"))?;
            if roots.is_empty() {
                return Err("the root certificate is invalid: it is not PEM".to_owned());
            }
            builder = builder.tls_certs_merge(roots);
        }
        // native-tls reads those of the system in any case.
        #[cfg(all(feature = "rustls", feature = "native-tls"))]
        if !has_roots && self.identity.is_none() {
            builder = builder.tls_backend_rustls();
        }
        if self.is_only || !has_roots {
            builder = builder.tls_certs_only([]);
        }
        if let Some((certificate, key)) = &self.identity {
            // reqwest's default with `native-tls`, whichever other features there are.
            #[cfg(feature = "native-tls")]
            let identity = reqwest::Identity::from_pkcs8_pem(certificate, key);
            #[cfg(not(feature = "native-tls"))]
            let identity = reqwest::Identity::from_pem(&[&**certificate, b"\n", key].concat());
            // Another crate may enable reqwest's other library, which then is reqwest's default.
            #[cfg(not(feature = "native-tls"))]
            {
                builder = builder.tls_backend_rustls();
            }
            builder = builder.identity(identity.map_err(invalid("identity"))?);
        }
        Ok(builder)
    }

    #[cfg(not(has_tls))]
    pub(crate) fn apply(
        &self,
        builder: reqwest::ClientBuilder,
        _has_roots: bool,
    ) -> Result<reqwest::ClientBuilder, String> {
        match self.is_only || !self.roots.is_empty() || self.identity.is_some() {
            true => Err("certificates need TLS, which this build lacks".to_owned()),
            false => Ok(builder),
        }
    }
}

#[cfg(has_tls)]
fn invalid(what: &str) -> impl Fn(reqwest::Error) -> String {
    move |error| format!("the {what} is invalid: {}", root_cause(&error))
}
