//! Configures rustls before and after a client of this crate is built. Nothing panics.

use rustls::{ClientConfig, RootCertStore};

fn configure() {
    let config = ClientConfig::builder();
    drop(
        config
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    );
}

fn main() {
    configure();
    let client = openai_assistants::Client::builder()
        .api_key("sk-test")
        .build();
    drop(client.expect("the settings are valid"));
    configure();
    println!("ok");
}
