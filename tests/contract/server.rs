//! A mock server that sends given responses and records requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use openai_assistants::{Client, Credentials, RetryPolicy};
use openai_assistants_fake::SkippingClock;
use serde_json::Value;

use crate::shared_clock::SharedClock;

pub struct Server {
    mock: MockServer,
    client: Client,
    state: Arc<Mutex<State>>,
}

struct State {
    responses: VecDeque<MockResponse>,
    requests: Vec<Request>,
}

/// A request as received by the server.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

pub struct MockResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl MockResponse {
    pub fn json(status: u16, body: Value) -> Self {
        Self::text(status, &body.to_string()).header("content-type", "application/json")
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn response(&self) -> HttpMockResponse {
        let response = HttpMockResponse::builder()
            .status(self.status)
            .body(self.body.as_str());
        self.headers
            .iter()
            .fold(response, |response, (name, value)| {
                response.header(*name, value.as_str())
            })
            .build()
    }
}

impl Server {
    pub async fn start(response: MockResponse) -> Self {
        Self::in_turn([response]).await
    }

    /// Sends these responses in turn, and repeats the last one.
    pub async fn in_turn(responses: impl IntoIterator<Item = MockResponse>) -> Self {
        let mock = MockServer::start_async().await;
        let state = Arc::new(Mutex::new(State {
            responses: responses.into_iter().collect(),
            requests: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        mock.mock_async(move |_, then| {
            then.respond_with(move |request: &HttpMockRequest| {
                let mut state = lock(&shared);
                state.requests.push(Request::from(request));
                let response = state.responses[0].response();
                if state.responses.len() > 1 {
                    state.responses.pop_front();
                }
                response
            });
        })
        .await;
        // Without retries each call is one request. A slow machine elapses no time-out.
        let client = Client::builder()
            .base_url(mock.base_url())
            .credentials(Credentials::bearer("sk-contract"))
            .retry(RetryPolicy::never())
            .clock(SharedClock(SkippingClock::default()))
            .build()
            .expect("the configuration is valid");
        Self {
            mock,
            client,
            state,
        }
    }

    pub fn respond_with(&self, response: MockResponse) {
        lock(&self.state).responses = [response].into();
    }

    pub fn origin(&self) -> String {
        self.mock.base_url()
    }

    pub fn client(&self) -> Client {
        self.client.clone()
    }

    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state).requests.clone()
    }

    pub fn only_request(&self) -> Result<Request, String> {
        match self.requests().as_slice() {
            [request] => Ok(request.clone()),
            requests => Err(format!("{} requests were sent", requests.len())),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<&HttpMockRequest> for Request {
    fn from(request: &HttpMockRequest) -> Self {
        let headers = request.headers_vec().iter();
        Self {
            method: request.method_str().to_owned(),
            path: request.uri().path().to_owned(),
            query: request.query_params(),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.clone()))
                .collect(),
            body: request.body_vec(),
        }
    }
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn query(&self) -> Vec<(&str, &str)> {
        let pairs = self.query.iter();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    pub fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap_or_default()
    }

    pub fn parts(&self) -> Vec<(&str, &str)> {
        parts(self.text())
    }

    pub fn json(&self) -> Result<Option<Value>, String> {
        if self.body.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&self.body)
            .map(Some)
            .map_err(|error| format!("the body is not JSON: {error}"))
    }
}

/// The parts of a form: what follows `name="` in the head of each, and the content.
pub fn parts(body: &str) -> Vec<(&str, &str)> {
    let parts = body
        .split("Content-Disposition: form-data; name=\"")
        .skip(1);
    let parts = parts.filter_map(|part| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        Some((head, content.split_once("\r\n--")?.0))
    });
    parts.collect()
}
