//! The server that environment variables name.
//!
//! - `OPENAI_BASE_URL`: OpenAI or a compatible server, with a key in `OPENAI_API_KEY`.
//! - `AZURE_OPENAI_ENDPOINT`: Azure OpenAI, with `OPENAI_API_VERSION` and a key in `AZURE_OPENAI_API_KEY`.
//! - `PROJECT_ENDPOINT` or `AZURE_AI_PROJECT_ENDPOINT`: a project of Foundry, with a token in `OPENAI_API_KEY`.
//! - `OPENAI_HEADERS`: additional headers, `NAME=VALUE` on a line each.

use std::env;

use openai_assistants::{Client, ClientBuilder, Credentials};

/// The protocol of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    AzureOpenAi,
    Foundry,
}

const ENDPOINTS: [(&str, Dialect); 4] = [
    ("OPENAI_BASE_URL", Dialect::OpenAi),
    ("AZURE_OPENAI_ENDPOINT", Dialect::AzureOpenAi),
    ("PROJECT_ENDPOINT", Dialect::Foundry),
    ("AZURE_AI_PROJECT_ENDPOINT", Dialect::Foundry),
];

/// Returns a variable of the environment, unless it is empty.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the dialect of the server that the variables name, or `None` if they name no server.
///
/// # Errors
/// They name several servers.
pub fn dialect(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Dialect>, String> {
    let mut named = ENDPOINTS
        .into_iter()
        .filter(|(name, _)| variable(name).is_some());
    let Some((first, dialect)) = named.next() else {
        return Ok(None);
    };
    match named.find(|(_, other)| *other != dialect) {
        Some((other, _)) => Err(format!(
            "{first} and {other} are both set: unset one of them"
        )),
        None => Ok(Some(dialect)),
    }
}

/// Returns the builder of a client for the server that the variables name.
pub fn builder(dialect: Dialect, variable: impl Fn(&str) -> Option<String>) -> ClientBuilder {
    let builder = match dialect {
        Dialect::OpenAi => Client::builder().env_from(&variable),
        Dialect::AzureOpenAi => Client::builder().azure_openai_env_from(&variable),
        Dialect::Foundry => {
            let token = variable("OPENAI_API_KEY").map(Credentials::bearer);
            let builder = Client::builder().foundry_env_from(&variable);
            token.into_iter().fold(builder, ClientBuilder::credentials)
        }
    };
    let headers = variable("OPENAI_HEADERS").unwrap_or_default();
    let headers = headers.lines().filter(|line| !line.trim().is_empty());
    headers.fold(builder, |builder, line| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        builder.header(name.trim(), value.trim())
    })
}
