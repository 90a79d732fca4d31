//! Presets for Azure OpenAI and Foundry Agents.

use openai_assistants::{Client, ClientBuilder, Credentials};

use super::{empty_server, header, invalid, request_of};
use crate::support::ScriptedServer;

const ENDPOINT: &str = "http://resource.example.com";
const PROJECT: &str = "http://resource.example.com/api/projects/demo";

/// The header with which a client authenticates.
pub(super) async fn credentials_of(
    server: &ScriptedServer,
    builder: ClientBuilder,
) -> (&'static str, String) {
    let request = request_of(server, builder).await;
    let headers = ["authorization", "api-key"]
        .map(|name| header(&request, name).map(|value| (name, value.to_owned())));
    match headers {
        [Some(header), None] | [None, Some(header)] => header,
        headers => panic!("one header authenticates: {headers:?}"),
    }
}

#[test]
fn an_azure_endpoint_has_several_spellings() {
    for (endpoint, url) in [
        ("http://host", "http://host/openai"),
        ("http://host/", "http://host/openai"),
        (" http://host// ", "http://host/openai"),
        ("http://host/openai", "http://host/openai"),
        ("http://host/openai/", "http://host/openai"),
        ("http://host/gateway", "http://host/gateway/openai"),
        ("http://openai", "http://openai/openai"),
    ] {
        let builder = Client::builder().azure_openai(endpoint, "v").api_key("k");
        assert_eq!(builder.build().unwrap().base_url(), url, "{endpoint}");
    }
}

#[test]
fn missing_settings_of_a_preset_are_errors() {
    let azure = |endpoint, version| Client::builder().azure_openai(endpoint, version);
    let foundry = |endpoint, version| Client::builder().foundry(endpoint, version);
    let deployment = "http://host/openai/deployments/gpt-4o/chat/completions";
    for (builder, reasons) in [
        (
            azure(" ", "v"),
            [
                "the endpoint",
                "is empty: use one such as https://example.openai",
            ],
        ),
        (
            azure("host", "v"),
            ["the endpoint `host`", "is not a valid URL"],
        ),
        (
            azure(deployment, "v"),
            ["continues after `/openai`", "such as https://"],
        ),
        (
            azure("http://host/openai?api-version=v", "v"),
            ["has a query", "`query`"],
        ),
        (
            azure(ENDPOINT, " "),
            ["no API version", "OPENAI_API_VERSION"],
        ),
        (
            foundry("", "v1"),
            ["the project endpoint", "/api/projects/"],
        ),
        (foundry(PROJECT, ""), ["no API version", "`foundry`"]),
    ] {
        let message = invalid(builder.api_key("sk-secret"));
        assert!(
            reasons.iter().all(|reason| message.contains(reason)),
            "{message}"
        );
    }
    assert!(invalid(azure(ENDPOINT, "v")).contains("AZURE_OPENAI_API_KEY"));
    assert!(invalid(foundry(PROJECT, "v1")).contains("https://ai.azure.com/.default"));
}

#[tokio::test]
async fn the_header_of_a_key_depends_on_the_server_and_not_on_the_order_of_settings() {
    let server = empty_server().await;
    let azure = |builder: ClientBuilder| builder.azure_openai(&server.origin, "v");
    let foundry = |builder: ClientBuilder| builder.foundry(&server.origin, "v1");
    let key = |builder: ClientBuilder| builder.api_key("k");
    let new = Client::builder;
    for builder in [
        key(azure(new())),
        azure(key(new())),
        azure(foundry(key(new()))),
    ] {
        let credentials = credentials_of(&server, builder).await;
        assert_eq!(credentials, ("api-key", "k".to_owned()));
    }
    for builder in [
        key(foundry(new())),
        foundry(key(new())),
        foundry(azure(key(new()))),
    ] {
        let credentials = credentials_of(&server, builder).await;
        assert_eq!(credentials, ("authorization", "Bearer k".to_owned()));
    }
    let token = azure(new()).credentials(Credentials::bearer("t"));
    let credentials = credentials_of(&server, token).await;
    assert_eq!(credentials, ("authorization", "Bearer t".to_owned()));
}

#[tokio::test]
async fn only_foundry_has_no_default_beta_header() {
    let server = empty_server().await;
    let beta = async |builder: ClientBuilder| {
        let request = request_of(&server, builder.api_key("k")).await;
        header(&request, "openai-beta").map(str::to_owned)
    };
    let new = Client::builder;
    let origin = server.origin.as_str();
    assert_eq!(
        beta(new().azure_openai(origin, "v")).await.unwrap(),
        "assistants=v2"
    );
    assert_eq!(beta(new().foundry(origin, "v1")).await, None);
    let switched = new().foundry(PROJECT, "v1").azure_openai(origin, "v");
    assert_eq!(beta(switched).await.unwrap(), "assistants=v2");
    let set = new().beta_header(Some("mine")).foundry(origin, "v1");
    assert_eq!(beta(set).await.unwrap(), "mine");
    let removed = new().beta_header(None).azure_openai(origin, "v");
    assert_eq!(beta(removed).await, None);
}

#[test]
fn a_base_url_that_is_set_after_a_preset_is_used_unchanged() {
    let builder = Client::builder().api_key("k");
    let gateway = "http://gateway/azure";
    let later = builder
        .clone()
        .azure_openai(ENDPOINT, "v")
        .base_url(gateway);
    assert_eq!(later.build().unwrap().base_url(), gateway);
    let earlier = builder.base_url(gateway).azure_openai(ENDPOINT, "v");
    assert_eq!(
        earlier.build().unwrap().base_url(),
        format!("{ENDPOINT}/openai")
    );
}
