//! Selects the TLS library by Cargo feature.
//!
//! reqwest gets a complete rustls configuration with its cryptography provider. No provider is
//! installed for the process, where it could conflict with that of another crate.

/// Whether the build supports `https`.
pub(crate) const IS_SUPPORTED: bool = cfg!(any(
    feature = "rustls",
    feature = "rustls-aws-lc",
    feature = "native-tls"
));

/// Sets the TLS library. The certificates of the system are loaded only if TLS `is_needed`:
/// containers that send plain HTTP may have none.
#[cfg(any(feature = "rustls", feature = "rustls-aws-lc"))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    is_needed: bool,
) -> crate::error::core::Result<reqwest::ClientBuilder> {
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
                crate::error::core::Error::configuration(format!(
                    "TLS cannot be configured: {error}"
                ))
            })?;
    #[cfg_attr(
        not(feature = "http2"),
        expect(unused_mut, reason = "only HTTP/2 requires ALPN")
    )]
    let mut config = config.with_no_client_auth();
    #[cfg(feature = "http2")]
    {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    Ok(builder.tls_backend_preconfigured(config))
}

/// Sets the TLS library. reqwest has `native-tls` or none.
#[cfg(not(any(feature = "rustls", feature = "rustls-aws-lc")))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    _is_needed: bool,
) -> crate::error::core::Result<reqwest::ClientBuilder> {
    #[cfg(feature = "native-tls")]
    let builder = builder.tls_backend_native();
    Ok(builder)
}
