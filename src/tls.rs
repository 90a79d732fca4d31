//! Which TLS library the client's own HTTP client uses, chosen by Cargo feature.
//!
//! rustls is handed over ready-made, with the provider of its cryptography in it:
//! nothing is installed for the whole process, where it could meet the choice of
//! another crate.

/// Whether `https` can be spoken at all.
pub(crate) const IS_SUPPORTED: bool = cfg!(any(
    feature = "rustls",
    feature = "rustls-aws-lc",
    feature = "native-tls"
));

/// Sets the TLS library. Where it `is_needed`, it has the certificates of the system;
/// where it is not, there may be none, as in a container that talks to its neighbour.
#[cfg(any(feature = "rustls", feature = "rustls-aws-lc"))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    is_needed: bool,
) -> crate::Result<reqwest::ClientBuilder> {
    use std::sync::Arc;

    use rustls_platform_verifier::BuilderVerifierExt;

    #[cfg(not(feature = "rustls"))]
    use rustls::crypto::aws_lc_rs as provider;
    #[cfg(feature = "rustls")]
    use rustls::crypto::ring as provider;

    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| match is_needed {
                true => config.with_platform_verifier(),
                false => Ok(config.with_root_certificates(rustls::RootCertStore::empty())),
            })
            .map_err(|error| {
                crate::Error::configuration(format!("TLS cannot be set up: {error}"))
            })?;
    #[cfg_attr(
        not(feature = "http2"),
        expect(unused_mut, reason = "only HTTP/2 has to be asked for")
    )]
    let mut config = config.with_no_client_auth();
    #[cfg(feature = "http2")]
    {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok(builder.tls_backend_preconfigured(config))
}

/// Leaves the choice to reqwest, which has one library or none.
#[cfg(not(any(feature = "rustls", feature = "rustls-aws-lc")))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    _is_needed: bool,
) -> crate::Result<reqwest::ClientBuilder> {
    #[cfg(feature = "native-tls")]
    let builder = builder.tls_backend_native();
    Ok(builder)
}
