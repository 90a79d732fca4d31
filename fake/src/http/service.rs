//! Routes requests to operations, and builds the responses.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use futures_util::future::select;
use http_body_util::{BodyExt, LengthLimitError};
use serde_json::Value;

use crate::api_error::ApiError;
use crate::http::app::App;
use crate::http::exchange::Exchange;
use crate::http::fault::{Fault, Kind, add_unknown_values, parse_header};
use crate::http::stream::{self, Next, RunEvents};
use crate::http::{access, form, foundry, stub, validate};
use crate::operations::call::{Call, ResponseBody};
use crate::operations::query::Query;
use crate::spec::document::{Dialect, Operation};

/// The request header that sets faults.
const FAULT: &str = "x-fake-fault";

/// The routes of all operations, with the prefix of the dialect and without.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for operation in &app.settings.dialect.document().operations {
        let method = Method::from_bytes(operation.method.as_bytes());
        let Some(filter) = method
            .ok()
            .and_then(|method| MethodFilter::try_from(method).ok())
        else {
            continue;
        };
        for prefix in ["", app.settings.dialect.prefix()] {
            let app = app.clone();
            let handle = async move |path: PathParams, request: Request| {
                let context = Context::new(&app, &request, Some(operation));
                match path {
                    Ok(path) => context.handle(ids(&path), request).await,
                    // The ID is not valid UTF-8.
                    Err(_) => context.reject(&unknown_path(&request)),
                }
            };
            router = router.route(&format!("{prefix}{}", operation.path), on(filter, handle));
        }
    }
    let (path_app, method_app) = (app.clone(), app.clone());
    router
        .fallback(async move |request: Request| {
            Context::new(&path_app, &request, None).reject(&unknown_path(&request))
        })
        .method_not_allowed_fallback(async move |request: Request| {
            let error =
                ApiError::method_not_allowed(request.method().as_str(), request.uri().path());
            Context::new(&method_app, &request, None).reject(&error)
        })
}

type PathParams = Result<RawPathParams, RawPathParamsRejection>;

fn ids(path: &RawPathParams) -> Vec<(String, String)> {
    path.iter()
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

fn unknown_path(request: &Request) -> ApiError {
    ApiError::unknown_path(request.method().as_str(), request.uri().path())
}

/// Marks a response that is not sent.
#[derive(Clone)]
pub(crate) struct Lost;

/// Marks a response after which the connection is closed.
#[derive(Clone)]
pub(crate) struct CloseIdle(pub(crate) Duration);

/// A request in progress.
struct Context {
    app: Arc<App>,
    operation: Option<&'static Operation>,
    exchange: Exchange,
    /// The headers of the response.
    headers: HeaderMap,
    faults: Vec<Fault>,
}

impl Context {
    fn new(app: &Arc<App>, request: &Request, operation: Option<&'static Operation>) -> Self {
        let target = request.uri().path_and_query();
        let request_id = app.state.ids.next("req");
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

    /// Handles a request to an operation, with the faults that apply to it.
    async fn handle(mut self, path: Vec<(String, String)>, request: Request) -> Response {
        self.faults = match self.faults(request.headers()) {
            Ok(faults) => faults,
            Err(error) => return self.reject(&error),
        };
        if !self.faults.is_empty() {
            let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
            self.exchange.remark = Some(faults.join(", "));
        }
        for fault in self.faults.clone() {
            match fault.kind {
                Kind::Latency(time) => {
                    let app = self.app.clone();
                    let shutdown = std::pin::pin!(app.shutdown.requested());
                    select(app.state.clock.sleep(time), shutdown).await;
                }
                Kind::Status {
                    status,
                    retry_after,
                    is_executed,
                } => {
                    if let Some(retry_after) = retry_after {
                        let (name, value) = retry_after.header(self.app.state.now());
                        if let Ok(value) = HeaderValue::from_str(&value) {
                            self.headers.insert(name, value);
                        }
                    }
                    if !is_executed {
                        // A client that is still sending could lose the response.
                        let mut body = request.into_body();
                        while let Some(Ok(_)) = body.frame().await {}
                    } else if let Err(error) = self.execute(path, request).await {
                        return self.reject(&error);
                    }
                    return self.reject(&ApiError::injected(status));
                }
                _ => {}
            }
        }
        match self.execute(path, request).await {
            Ok(body) => self.respond(body),
            Err(error) => self.reject(&error),
        }
    }

    /// The faults of the builder's rules and of the request header.
    fn faults(&self, headers: &HeaderMap) -> Result<Vec<Fault>, ApiError> {
        let mut faults = match self.operation {
            Some(operation) => self.app.faults.next(&operation.id),
            None => Vec::new(),
        };
        let values = headers.get_all(FAULT).iter();
        let values = values.map(|value| value.to_str().unwrap_or_default());
        let requested = parse_header(values)
            .map_err(|message| ApiError::parameter(FAULT, "invalid_value", message))?;
        faults.extend(requested);
        Ok(faults)
    }

    /// Checks the request and calls the handler of its operation.
    async fn execute(
        &self,
        path: Vec<(String, String)>,
        request: Request,
    ) -> Result<ResponseBody, ApiError> {
        let App {
            state, settings, ..
        } = &*self.app;
        let is_foundry = settings.dialect == Dialect::Foundry;
        access::check_key(settings.api_key.as_deref(), request.headers(), !is_foundry)?;
        if settings.requires_beta_header {
            access::check_beta_header(request.headers())?;
        }
        let Some((operation, handler)) = self
            .operation
            .and_then(|operation| Some((operation, (self.app.handler)(&operation.id)?)))
        else {
            return Err(unknown_path(&request));
        };
        let query = request.uri().query().unwrap_or_default();
        let mut query = Query::parse(query, &operation.query)?;
        if is_foundry {
            foundry::check_version(&query)?;
            foundry::adapt_query(operation, &mut query);
        }
        let (body, file) = match &operation.body {
            Some(expected) if expected.is_form => {
                let (fields, file) = form::read(request, settings.max_file, state).await?;
                (validate::form(expected, fields)?, file)
            }
            expected => {
                let bytes = read(request, settings.max_body).await?;
                let body = validate::body(expected.as_ref(), &bytes, settings.is_stub)?;
                (body, None)
            }
        };
        let call = Call {
            path,
            query,
            body,
            file,
            fails_indexing: self.has_fault(&Kind::FailIndexing),
        };
        match handler(state, &call) {
            Err(error) if settings.is_stub => {
                stub::response(operation, &call, error, state.event_observer.clone())
            }
            result => result,
        }
    }

    fn respond(mut self, body: ResponseBody) -> Response {
        let object = match body {
            ResponseBody::Stream { thread_id, events } => {
                let content_type = HeaderValue::from_static("text/event-stream; charset=utf-8");
                self.headers.insert("content-type", content_type);
                self.headers
                    .insert("cache-control", HeaderValue::from_static("no-cache"));
                let events = RunEvents {
                    state: self.app.state.clone(),
                    shutdown: self.app.shutdown.clone(),
                    thread_id,
                    receiver: events,
                };
                let body = stream::body(events, self.faults.clone());
                return self.finish(StatusCode::OK, body);
            }
            ResponseBody::ActiveRun(run) => {
                let interval = self.app.settings.poll_after.as_millis();
                if let Ok(interval) = HeaderValue::from_str(&interval.to_string()) {
                    self.headers.insert("openai-poll-after-ms", interval);
                }
                run
            }
            ResponseBody::Object(object) => object,
            ResponseBody::File { name, bytes } => {
                let name = name.replace(['"', '\r', '\n'], "_");
                let disposition = format!("attachment; filename=\"{name}\"");
                if let Ok(value) = HeaderValue::from_bytes(disposition.as_bytes()) {
                    self.headers.insert("content-disposition", value);
                }
                return self.respond_bytes(StatusCode::OK, "application/octet-stream", bytes);
            }
        };
        self.respond_json(StatusCode::OK, object)
    }

    fn reject(mut self, error: &ApiError) -> Response {
        let status = StatusCode::from_u16(error.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.exchange.remark.get_or_insert(error.message.clone());
        // No other fault applies to an error response.
        self.faults.clear();
        self.respond_json(status, error.body())
    }

    fn respond_json(self, mut status: StatusCode, mut object: Value) -> Response {
        if self.app.settings.dialect == Dialect::Foundry
            && status.is_success()
            && let Some(operation) = self.operation
        {
            foundry::adapt(operation, &mut object);
        }
        if let Some(check) = &self.app.check
            && let Some(violation) = check.response(self.operation, status.as_u16(), &object)
        {
            status = StatusCode::INTERNAL_SERVER_ERROR;
            object = ApiError::violation(&violation).body();
        }
        if self.has_fault(&Kind::Unknown) {
            add_unknown_values(&mut object);
        }
        self.respond_bytes(status, "application/json", object.to_string().into())
    }

    fn respond_bytes(
        mut self,
        status: StatusCode,
        content_type: &'static str,
        bytes: Bytes,
    ) -> Response {
        let content_type = HeaderValue::from_static(content_type);
        self.headers.insert("content-type", content_type);
        if self.has_fault(&Kind::Truncated) {
            self.headers.insert("content-length", bytes.len().into());
        }
        let next = self.faults.iter().filter_map(|fault| match fault.kind {
            Kind::Cut | Kind::Truncated => Some(Next::Abort),
            Kind::Stall => Some(Next::Stall),
            Kind::MalformedJson => Some(Next::End),
            _ => None,
        });
        let body = match next.max() {
            Some(next) => stream::broken_body(self.app.shutdown.clone(), &bytes, next),
            None => Body::from(bytes),
        };
        self.finish(status, body)
    }

    /// Logs the exchange and returns the response.
    fn finish(mut self, status: StatusCode, body: Body) -> Response {
        self.exchange.status = status.as_u16();
        if let Some(log) = &self.app.log {
            log(&self.exchange);
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        for fault in self.faults {
            match fault.kind {
                Kind::Lost => drop(response.extensions_mut().insert(Lost)),
                Kind::CloseIdle(time) => drop(response.extensions_mut().insert(CloseIdle(time))),
                _ => {}
            }
        }
        response
    }

    fn has_fault(&self, kind: &Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == *kind)
    }
}

/// Reads the whole body of a request.
async fn read(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let body = axum::body::to_bytes(request.into_body(), limit).await;
    body.map_err(|error| {
        let source = error.source();
        if source.is_some_and(|source| source.is::<LengthLimitError>()) {
            ApiError::body_too_large(limit)
        } else {
            ApiError::invalid(format!("Cannot read the request body: {error}."))
        }
    })
}
