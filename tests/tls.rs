//! TLS with each library: trusted and pinned roots, client certificates, and HTTP/2.
#![cfg(has_tls)]

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use openai_assistants::{Client, ClientBuilder, Error, ErrorKind, RetryPolicy};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

const KEY: &str = "sk-secret";

/// A certificate authority.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// Issues a certificate for a name. Returns it and its key as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(name).signed_by(&key, &self.issuer);
        (
            certificate.expect("it is issued").pem(),
            key.serialize_pem(),
        )
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("it is PEM");
        roots.add(root).expect("it is an authority");
        roots
    }
}

/// OpenSSL takes a certificate for self-signed if its subject is that of its issuer.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A server of empty lists.
struct Server {
    url: String,
    seen: Arc<Seen>,
}

/// What a server has received.
#[derive(Default)]
struct Seen {
    /// The version and the key of each request.
    requests: Mutex<Vec<(Version, String)>>,
    /// Whether each handshake succeeded.
    handshakes: Mutex<Vec<bool>>,
}

impl Server {
    /// Starts a server with a certificate of an authority. It demands a certificate of the
    /// `clients`, if there are any.
    async fn start(authority: &Authority, clients: Option<&Authority>) -> Self {
        let (certificate, key) = authority.issue("localhost");
        let builder = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("the provider supports them");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let provider = aws_lc_rs::default_provider().into();
                let roots = clients.roots().into();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                builder.with_client_cert_verifier(verifier.expect("there are roots"))
            }
        };
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("it is PEM");
        let config = builder.with_single_cert(vec![certificate.expect("it is PEM")], key);
        let mut config = config.expect("the key is that of the certificate");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(address).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::<Seen>::default();
        let (acceptor, shared) = (TlsAcceptor::from(Arc::new(config)), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), shared.clone()));
            }
        });
        let url = format!("https://localhost:{port}/v1");
        Self { url, seen }
    }

    fn client(&self) -> ClientBuilder {
        Client::builder().base_url(&self.url).api_key(KEY)
    }

    /// The versions of the requests.
    fn versions(&self) -> Vec<Version> {
        let requests = self.seen.requests.lock().unwrap();
        assert!(requests.iter().all(|(_, key)| key == "Bearer sk-secret"));
        requests.iter().map(|(version, _)| *version).collect()
    }

    /// Sends a request that the client refuses to send, because of the certificate.
    async fn refused(&self, client: ClientBuilder) {
        let error = send(client).await.expect_err("the client refuses");
        assert_eq!(error.kind(), ErrorKind::Certificate, "{error:?}");
        assert_eq!((error.attempts(), error.is_retryable()), (1, false));
        let advice = "check the certificate and the roots that it is checked against";
        assert!(error.to_string().ends_with(advice), "{error}");
        assert!(self.versions().is_empty(), "nothing was sent");
        let handshakes = || self.seen.handshakes.lock().unwrap().clone();
        while handshakes().is_empty() {
            tokio::task::yield_now().await; // The server learns it later than the client.
        }
        assert!(handshakes().iter().all(|is_complete| !is_complete));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, seen: Arc<Seen>) {
    let accepted = acceptor.accept(stream).into_fallible().await;
    seen.handshakes.lock().unwrap().push(accepted.is_ok());
    let stream = match accepted {
        Ok(stream) => stream,
        // Unread bytes would reset the connection before the client reads the alert.
        Err((_, mut stream)) => {
            let _ = stream.shutdown().await;
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            return;
        }
    };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let respond = service_fn(move |request: Request<Incoming>| {
        let key = request.headers()["authorization"].to_str();
        let key = key.expect("the key is text").to_owned();
        seen.requests.lock().unwrap().push((request.version(), key));
        let list = Bytes::from_static(br#"{"data":[],"has_more":false}"#);
        async { Ok::<_, Infallible>(Response::new(Full::new(list))) }
    });
    // The client closes the connection.
    let _ = match is_http2 {
        true => {
            http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), respond)
                .await
        }
        false => {
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), respond)
                .await
        }
    };
}

async fn send(client: ClientBuilder) -> Result<(), Error> {
    let client = client.build().expect("the settings are valid");
    client.list_assistants().send().await.map(drop)
}

const VERSION: Version = if cfg!(feature = "http2") {
    Version::HTTP_2
} else {
    Version::HTTP_11
};

#[tokio::test]
async fn a_private_root_is_trusted_only_when_added() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, None).await;
    server.refused(server.client()).await;

    let trusting = server.client().add_root_certificate(&authority.pem);
    send(trusting).await.expect("the root is trusted");
    assert_eq!(server.versions(), [VERSION]);
}

#[tokio::test]
async fn a_pinned_root_refuses_all_others_before_the_key_is_sent() {
    let (authority, other) = (Authority::new("ours"), Authority::new("other"));
    let server = Server::start(&authority, None).await;
    let added = server.client().add_root_certificate(&authority.pem);
    server
        .refused(added.only_root_certificates(&other.pem))
        .await;

    let pinned = server.client().only_root_certificates(&authority.pem);
    send(pinned).await.expect("the root is the pinned one");
    assert_eq!(server.versions(), [VERSION]);
}

#[tokio::test]
async fn one_text_can_hold_several_roots() {
    let (authority, other) = (Authority::new("ours"), Authority::new("other"));
    let server = Server::start(&authority, None).await;
    let bundle = format!("{}\n{}", other.pem, authority.pem);
    let client = server.client().only_root_certificates(bundle);
    send(client).await.expect("one of the roots is trusted");
}

#[tokio::test]
async fn roots_that_the_caller_sets_on_the_http_client_are_trusted() {
    let authority = Authority::new("ours");
    let server = Server::start(&authority, None).await;
    let root = reqwest::Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let client = server
        .client()
        .http_client_builder(move |http| http.tls_certs_only([root.clone()]));
    send(client).await.expect("the root is trusted");
    assert_eq!(server.versions(), [VERSION]);
}

#[tokio::test]
async fn a_client_certificate_is_presented() {
    let (authority, clients) = (Authority::new("ours"), Authority::new("clients"));
    let server = Server::start(&authority, Some(&clients)).await;
    let trusting = || server.client().add_root_certificate(&authority.pem);
    let (certificate, key) = authority.issue("client");
    let (none, unknown) = (trusting(), trusting().identity(certificate, key));
    server.refused(none).await;
    server.refused(unknown).await;

    let (certificate, key) = clients.issue("client");
    let known = trusting().identity(certificate, key);
    send(known).await.expect("the server knows it");
    assert_eq!(server.versions(), [VERSION]);
}

#[tokio::test]
async fn an_identity_that_the_caller_sets_on_the_http_client_is_presented() {
    let (authority, clients) = (Authority::new("ours"), Authority::new("clients"));
    let server = Server::start(&authority, Some(&clients)).await;
    let (certificate, key) = clients.issue("client");
    #[cfg(feature = "native-tls")]
    let identity = reqwest::Identity::from_pkcs8_pem(certificate.as_bytes(), key.as_bytes());
    #[cfg(not(feature = "native-tls"))]
    let identity = reqwest::Identity::from_pem((certificate + &key).as_bytes());
    let identity = identity.expect("it is valid");
    let client = server.client().add_root_certificate(&authority.pem);
    let client = client.http_client_builder(move |http| http.identity(identity.clone()));
    send(client).await.expect("the server knows it");
    assert_eq!(server.versions(), [VERSION]);
}

#[tokio::test]
async fn a_request_to_a_server_without_tls_was_not_sent() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = TcpListener::bind(address).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client connects");
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    });
    let client = Client::builder().base_url(format!("https://localhost:{port}/v1"));
    let client = client.api_key(KEY).retry(RetryPolicy::never()).build();
    let call = client.expect("the settings are valid").create_thread();
    let error = call.send().await.expect_err("there is no handshake");
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    assert!(error.is_retryable() && !error.may_have_been_processed());
}

#[test]
fn invalid_certificates_are_errors_of_the_settings() {
    let (certificate, key) = Authority::new("ours").issue("client");
    let client = || Client::builder().api_key(KEY);
    for (client, reason) in [
        (client().add_root_certificate("hush"), "root certificate"),
        (client().only_root_certificates(""), "root certificate"),
        (client().identity(&certificate, "hush"), "identity"),
        (client().identity("hush", &key), "identity"),
    ] {
        let error = client.build().expect_err("the certificate is invalid");
        assert!(error.is_invalid_argument());
        let text = format!("{error} {error:?}");
        assert!(text.contains(&format!("the {reason} is invalid")), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }
}
