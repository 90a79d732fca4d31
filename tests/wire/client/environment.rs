//! Settings from environment variables.

use openai_assistants::{Client, ClientBuilder};

use super::presets::credentials_of;
use super::{empty_server, header, invalid, local, request_of, with_key};

#[tokio::test]
async fn variables_fill_in_settings_that_are_not_set() {
    let server = empty_server().await;
    let base_url = format!("{}/v1", server.origin);
    let variables = |name: &str| match name {
        "OPENAI_API_KEY" => Some("sk-env".to_owned()),
        "OPENAI_BASE_URL" => Some(format!("{base_url}/")),
        "OPENAI_ORG_ID" => Some("org_env".to_owned()),
        "OPENAI_PROJECT_ID" => Some("  ".to_owned()),
        _ => None,
    };
    let builder = Client::builder().env_from(variables);
    assert_eq!(builder.clone().build().unwrap().base_url(), base_url);
    let request = request_of(&server, builder).await;
    assert_eq!(header(&request, "openai-organization"), Some("org_env"));
    assert_eq!(header(&request, "openai-project"), None);

    let builder = with_key()
        .base_url(&server.origin)
        .organization("org_own")
        .env_from(variables);
    assert_eq!(builder.clone().build().unwrap().base_url(), server.origin);
    let request = request_of(&server, builder).await;
    assert_eq!(header(&request, "openai-organization"), Some("org_own"));
}

#[test]
fn an_invalid_variable_is_named() {
    for variable in ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"] {
        let message =
            invalid(with_key().env_from(|name| (name == variable).then(|| "a\nb".to_owned())));
        assert!(message.contains(variable), "{message}");
    }
}

#[tokio::test]
async fn each_server_has_its_variables() {
    let server = empty_server().await;
    let openai_url = format!("{}/v1", server.origin);
    let variables = |name: &str| {
        let value = match name {
            "OPENAI_API_KEY" => "sk-openai",
            "OPENAI_BASE_URL" => &openai_url,
            "OPENAI_ORG_ID" => "org_1",
            "AZURE_OPENAI_API_KEY" => "azure-key",
            "AZURE_OPENAI_ENDPOINT" => &server.origin,
            "OPENAI_API_VERSION" => " 2024-05-01-preview ",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let new = Client::builder;
    let sent = async |builder: ClientBuilder| credentials_of(&server, builder).await;
    let target = async |builder: ClientBuilder| {
        let request = request_of(&server, builder).await;
        let line = request.lines().next().unwrap_or_default();
        line.trim_end_matches(" HTTP/1.1").to_owned()
    };

    let openai = new().env_from(variables);
    assert_eq!(
        sent(openai.clone()).await,
        ("authorization", "Bearer sk-openai".to_owned())
    );
    assert_eq!(target(openai).await, "GET /v1/assistants");

    let azure = new().azure_openai_env_from(variables);
    assert_eq!(
        sent(azure.clone()).await,
        ("api-key", "azure-key".to_owned())
    );
    assert_eq!(
        target(azure.clone()).await,
        "GET /openai/assistants?api-version=2024-05-01-preview"
    );
    let url = format!("{}/openai", server.origin);
    assert_eq!(azure.clone().build().unwrap().base_url(), url);
    let request = request_of(&server, azure).await;
    assert_eq!(header(&request, "openai-organization"), None);

    let own = format!("{}/own", server.origin);
    for builder in [
        new().azure_openai(&own, "own").env_from(variables),
        new().env_from(variables).azure_openai(&own, "own"),
        new()
            .azure_openai(&own, "own")
            .azure_openai_env_from(variables),
    ] {
        assert_eq!(
            sent(builder.clone()).await,
            ("api-key", "azure-key".to_owned())
        );
        assert_eq!(
            target(builder.clone()).await,
            "GET /own/openai/assistants?api-version=own"
        );
        let url = format!("{own}/openai");
        assert_eq!(builder.build().unwrap().base_url(), url);
    }

    let foundry = new().env_from(variables).foundry(&server.origin, "v1");
    assert!(invalid(foundry).contains("there is no token"));
    let foundry = new().foundry_env_from(variables).api_key("k");
    let message = invalid(foundry);
    for name in ["PROJECT_ENDPOINT", "AZURE_AI_PROJECT_ENDPOINT"] {
        assert!(message.contains(name), "{message}");
    }
    let unset = |name: &'static str| {
        invalid(
            new().azure_openai_env_from(move |other| variables(other).filter(|_| other != name)),
        )
    };
    for name in [
        "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_ENDPOINT",
        "OPENAI_API_VERSION",
    ] {
        assert!(unset(name).contains(name), "{}", unset(name));
    }
}

#[test]
fn blank_variables_count_as_not_set() {
    let message = invalid(local().env_from(|_| Some("  ".to_owned())));
    assert!(message.contains("OPENAI_API_KEY"), "{message}");
}

#[tokio::test]
async fn foundry_has_a_project_endpoint_and_a_default_version() {
    let server = empty_server().await;
    let (first, second) = ("PROJECT_ENDPOINT", "AZURE_AI_PROJECT_ENDPOINT");
    let target = async |names: &'static [&'static str], builder: ClientBuilder| {
        let project = format!("{}/api/projects", server.origin);
        let variable = |name: &str| names.contains(&name).then(|| format!("{project}/{name}"));
        let builder = builder.foundry_env_from(variable).api_key("k");
        let request = request_of(&server, builder).await;
        let line = request.lines().next().unwrap_or_default();
        line.trim_end_matches(" HTTP/1.1").to_owned()
    };
    let new = Client::builder;
    for (names, expected) in [
        (&["PROJECT_ENDPOINT"][..], first),
        (&["AZURE_AI_PROJECT_ENDPOINT"], second),
        (&["AZURE_AI_PROJECT_ENDPOINT", "PROJECT_ENDPOINT"], first),
    ] {
        assert_eq!(
            target(names, new()).await,
            format!("GET /api/projects/{expected}/assistants?api-version=v1")
        );
    }
    let preview = new().query("api-version", "2025-05-15-preview");
    assert_eq!(
        target(&["PROJECT_ENDPOINT"], preview).await,
        "GET /api/projects/PROJECT_ENDPOINT/assistants?api-version=2025-05-15-preview"
    );
    let own = new().foundry(format!("{}/own", server.origin), "v2");
    assert_eq!(
        target(&["PROJECT_ENDPOINT"], own).await,
        "GET /own/assistants?api-version=v2"
    );
}
