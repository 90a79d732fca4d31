//! Tells a route that the server does not have from an object that it does not have.

use std::collections::BTreeMap;

use openai_assistants::{Client, Error, Method};
use serde_json::{Value, json};

/// A path that no server has.
const UNKNOWN: &str = "/doctor-unknown-route";

/// How the server responds to unknown routes, by method.
#[derive(Default)]
pub struct UnknownRoutes(BTreeMap<&'static str, Option<Shape>>);

/// The status and the body of a response, without what depends on the path and the time.
type Shape = (u16, String);

impl UnknownRoutes {
    /// Whether an error means that the server does not have the route.
    ///
    /// 405 and 501 say so. A 404 may also mean that an object does not exist, and some servers
    /// respond to every path with 200 and a page: these are compared with an unknown route.
    pub async fn explain(
        &mut self,
        client: &Client,
        method: &'static str,
        path: &str,
        error: &Error,
    ) -> bool {
        match error.status().map(|status| status.as_u16()) {
            Some(405 | 501) => true,
            Some(404) if names_route(error, method, path) => true,
            Some(200 | 404) => {
                let unknown = self.unknown(client, method).await;
                unknown.is_some() && unknown == shape(error, path)
            }
            _ => false,
        }
    }

    async fn unknown(&mut self, client: &Client, method: &'static str) -> Option<Shape> {
        if let Some(known) = self.0.get(method) {
            return known.clone();
        }
        let mut request = client.request(Method::from_bytes(method.as_bytes()).ok()?, UNKNOWN);
        if method == "POST" {
            request = request.json(&json!({}));
        }
        let error = request.send::<Value>().await.err();
        let unknown = error.and_then(|error| shape(&error, UNKNOWN));
        self.0.insert(method, unknown.clone());
        unknown
    }
}

fn shape(error: &Error, path: &str) -> Option<Shape> {
    let body = error.body().unwrap_or_default().replace(path, "");
    let body = body.replace(|character: char| character.is_ascii_digit(), "");
    Some((error.status()?.as_u16(), body))
}

/// Whether the body names the method and the path, such as `Cannot GET /v1/threads`.
fn names_route(error: &Error, method: &str, path: &str) -> bool {
    let body = error.body().unwrap_or_default();
    body.contains(method) && body.contains(path)
}
