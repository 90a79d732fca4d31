//! With `rustls-ring`, a cryptography provider that the program has installed stays.
#![cfg(feature = "rustls-ring")]

use openai_assistants::Client;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};

#[test]
fn a_provider_that_the_program_has_installed_stays() {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.truncate(1);
    let known = provider.cipher_suites.clone();
    provider.install_default().expect("there is none yet");
    Client::builder().api_key("k").build().expect("it is used");
    let installed = CryptoProvider::get_default().expect("there is one");
    assert_eq!(installed.cipher_suites, known);
}
