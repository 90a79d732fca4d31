//! From a request to its answer.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use futures_util::future::select;
use http_body_util::LengthLimitError;
use serde_json::Value;

use crate::app::App;
use crate::document::{DOCUMENT, Operation};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::faults::{Fault, Kind, listed, make_strange};
use crate::operations::{Answer, Call, handler};
use crate::query::Query;
use crate::stream::{self, Then};
use crate::{access, stub, validate};

/// The header in which a request asks for faults.
const FAULT: &str = "x-fake-fault";

/// The operations at their paths, and at the same paths below `/v1`.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for operation in &DOCUMENT.operations {
        let method = Method::from_bytes(operation.method.as_bytes());
        let Some(filter) = method
            .ok()
            .and_then(|method| MethodFilter::try_from(method).ok())
        else {
            continue;
        };
        for prefix in ["", "/v1"] {
            let app = app.clone();
            let answer = async move |path: Path, request: Request| {
                let exchanging = Exchanging::new(&app, &request, Some(operation));
                match path {
                    Ok(path) => exchanging.answer(ids(&path), request).await,
                    // An id that is not text is the id of nothing.
                    Err(_) => exchanging.refuse(&no_such_path(&request)),
                }
            };
            router = router.route(&format!("{prefix}{}", operation.path), on(filter, answer));
        }
    }
    let (no_path, no_method) = (app.clone(), app.clone());
    router
        .fallback(async move |request: Request| {
            Exchanging::new(&no_path, &request, None).refuse(&no_such_path(&request))
        })
        .method_not_allowed_fallback(async move |request: Request| {
            let failure = Failure::no_such_method(request.method().as_str(), request.uri().path());
            Exchanging::new(&no_method, &request, None).refuse(&failure)
        })
}

/// What stands in the variable parts of a path, if it is text.
type Path = Result<RawPathParams, RawPathParamsRejection>;

fn ids(path: &RawPathParams) -> Vec<(String, String)> {
    path.iter()
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

fn no_such_path(request: &Request) -> Failure {
    Failure::no_such_path(request.method().as_str(), request.uri().path())
}

/// A request on its way to an answer.
struct Exchanging {
    app: Arc<App>,
    operation: Option<&'static Operation>,
    exchange: Exchange,
    headers: HeaderMap,
    faults: Vec<Fault>,
}

impl Exchanging {
    fn new(app: &Arc<App>, request: &Request, operation: Option<&'static Operation>) -> Self {
        let target = request.uri().path_and_query();
        let request_id = app.ids.next("req");
        let mut headers = HeaderMap::new();
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert("x-request-id", id);
        }
        let exchange = Exchange {
            method: request.method().to_string(),
            target: target.map_or("", |target| target.as_str()).to_owned(),
            operation: operation.map(|operation| operation.id.clone()),
            status: 0,
            request_id,
            remark: None,
        };
        Self {
            app: app.clone(),
            operation,
            exchange,
            headers,
            faults: Vec::new(),
        }
    }

    async fn answer(mut self, path: Vec<(String, String)>, request: Request) -> Response {
        self.faults = match self.faults(request.headers()) {
            Ok(faults) => faults,
            Err(failure) => return self.refuse(&failure),
        };
        if !self.faults.is_empty() {
            let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
            self.exchange.remark = Some(faults.join(", "));
        }
        for fault in self.faults.clone() {
            match fault.kind {
                Kind::Latency(time) => {
                    let app = self.app.clone();
                    select(app.clock.sleep(time), std::pin::pin!(app.stopped())).await;
                }
                Kind::Status(status, retry_after) => {
                    if let Some(retry_after) = retry_after {
                        let (name, value) = retry_after.header(self.app.now());
                        if let Ok(value) = HeaderValue::from_str(&value) {
                            self.headers.insert(name, value);
                        }
                    }
                    return self.refuse(&Failure::on_demand(status));
                }
                _ => {}
            }
        }
        match self.carry_out(path, request).await {
            Ok(answer) => self.send(answer),
            Err(failure) => self.refuse(&failure),
        }
    }

    /// The faults that the builder and the request ask for.
    fn faults(&self, headers: &HeaderMap) -> Result<Vec<Fault>, Failure> {
        let mut faults = match self.operation {
            Some(operation) => self.app.faults.of(&operation.id),
            None => Vec::new(),
        };
        let texts = headers.get_all(FAULT).iter();
        let texts = texts.map(|value| value.to_str().unwrap_or_default());
        let asked =
            listed(texts).map_err(|message| Failure::parameter(FAULT, "invalid_value", message))?;
        faults.extend(asked);
        Ok(faults)
    }

    async fn carry_out(
        &self,
        path: Vec<(String, String)>,
        request: Request,
    ) -> Result<Answer, Failure> {
        let settings = &self.app.settings;
        access::check_key(settings.api_key.as_deref(), request.headers())?;
        if settings.needs_beta_header {
            access::check_beta_header(request.headers())?;
        }
        let Some((operation, handler)) = self
            .operation
            .and_then(|operation| Some((operation, handler(&operation.id)?)))
        else {
            return Err(no_such_path(&request));
        };
        let query = request.uri().query().unwrap_or_default();
        let query = Query::new(query, &operation.query)?;
        let body = axum::body::to_bytes(request.into_body(), settings.max_body).await;
        let body = body.map_err(|error| {
            let source = error.source();
            if source.is_some_and(|source| source.is::<LengthLimitError>()) {
                Failure::too_large(settings.max_body)
            } else {
                Failure::invalid(format!("The body cannot be read: {error}."))
            }
        })?;
        let call = Call {
            path,
            query,
            body: validate::body(operation.body.as_ref(), &body, settings.is_stub)?,
        };
        match handler(&self.app, &call) {
            Err(failure) if settings.is_stub => stub::answer(&self.app, operation, &call, failure),
            result => result,
        }
    }

    fn send(mut self, answer: Answer) -> Response {
        let object = match answer {
            Answer::Events(events) => {
                let media = HeaderValue::from_static("text/event-stream; charset=utf-8");
                self.headers.insert("content-type", media);
                self.headers
                    .insert("cache-control", HeaderValue::from_static("no-cache"));
                let faults = std::mem::take(&mut self.faults);
                let body = stream::body(self.app.clone(), events, faults);
                return self.respond(StatusCode::OK, body);
            }
            Answer::Moving(run) => {
                let wait = self.app.settings.poll_after.as_millis();
                if let Ok(wait) = HeaderValue::from_str(&wait.to_string()) {
                    self.headers.insert("openai-poll-after-ms", wait);
                }
                run
            }
            Answer::Object(object) => object,
        };
        self.send_json(StatusCode::OK, object)
    }

    fn refuse(mut self, failure: &Failure) -> Response {
        let status = StatusCode::from_u16(failure.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.exchange.remark.get_or_insert(failure.message.clone());
        // What is refused has no other fault.
        self.faults.clear();
        self.send_json(status, failure.body())
    }

    fn send_json(mut self, mut status: StatusCode, mut object: Value) -> Response {
        if let Some(check) = &self.app.check
            && let Some(complaint) = check.answer(self.operation, status.as_u16(), &object)
        {
            status = StatusCode::INTERNAL_SERVER_ERROR;
            object = Failure::violation(&complaint).body();
        }
        let media = HeaderValue::from_static("application/json");
        self.headers.insert("content-type", media);
        if self.faults.iter().any(|fault| fault.kind == Kind::Unknown) {
            make_strange(&mut object);
        }
        let text = Bytes::from(object.to_string());
        let then = self.faults.iter().filter_map(|fault| match fault.kind {
            Kind::Cut => Some(Then::Break),
            Kind::Stall => Some(Then::Stall),
            Kind::MalformedJson => Some(Then::End),
            _ => None,
        });
        let body = match then.max() {
            Some(then) => stream::broken(self.app.clone(), &text, then),
            None => Body::from(text),
        };
        self.respond(status, body)
    }

    fn respond(mut self, status: StatusCode, body: Body) -> Response {
        self.exchange.status = status.as_u16();
        if let Some(log) = &self.app.log {
            log(&self.exchange);
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        response
    }
}
