//! Configures and starts a server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;

use crate::clock::{Clock, SystemClock};
use crate::engine::state::{Limits, State};
use crate::http::app::{App, Log, Settings};
use crate::http::exchange::Exchange;
use crate::http::fake_service::FakeService;
use crate::http::fault::Fault;
use crate::http::fault_rules::{FaultRules, Rule, When};
use crate::http::serve::serve;
use crate::http::server::Server;
use crate::http::shutdown::Shutdown;
use crate::ids::Ids;
use crate::model::conversation::Model;
use crate::model::echo::Echo;
use crate::operations;
use crate::random::Random;
use crate::spec::check::Check;
use crate::spec::document::Dialect;
use crate::store::event::EventObserver;
use crate::store::memory::Store;

/// Default lifetime of a run, as in the hosted service.
const LIFETIME: Duration = Duration::from_secs(600);

/// The fake server. Start with [`Fake::builder`].
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::{Fake, Script};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = Fake::builder().model(Script::new().say("Hello")).start().await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Fake;

impl Fake {
    /// Creates a builder with defaults: a free loopback port, any API key, and [`Echo`].
    pub fn builder() -> FakeBuilder {
        FakeBuilder {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            model: Box::new(Echo),
            clock: Arc::new(SystemClock),
            ids: Ids::random(),
            rules: Vec::new(),
            is_checked: false,
            log: None,
            folder: None,
            max_connections: 10_000,
            limits: Limits {
                pace: Duration::ZERO,
                lifetime: LIFETIME,
                max_objects: 100_000,
                max_bytes: 256 << 20,
            },
            settings: Settings {
                dialect: Dialect::OpenAi,
                api_key: None,
                requires_beta_header: false,
                is_stub: false,
                poll_after: Duration::from_millis(10),
                max_body: 1 << 20,
                max_file: 512 << 20,
            },
        }
    }
}

/// Builder of a server.
///
/// # Examples
///
/// A server for a test with reproducible IDs and faults:
///
/// ```
/// use std::time::Duration;
/// use openai_assistants_fake::{Echo, Fake, Fault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = Fake::builder()
///     .model(Echo)
///     .counted_ids()
///     .pace(Duration::from_millis(1))
///     .fault_times(1, "getRun", Fault::status(503))
///     .faults_one_in(10, 42, [Fault::latency(Duration::from_millis(20)), Fault::cut()])
///     .start()
///     .await?;
/// server.stop().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "call `start` to run the server"]
pub struct FakeBuilder {
    address: SocketAddr,
    model: Box<dyn Model>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    rules: Vec<Rule>,
    is_checked: bool,
    log: Option<Log>,
    folder: Option<PathBuf>,
    max_connections: usize,
    limits: Limits,
    settings: Settings,
}

impl FakeBuilder {
    /// Sets the model that produces the assistant's turns; [`Echo`] by default.
    pub fn model(mut self, model: impl Model) -> Self {
        self.model = Box::new(model);
        self
    }

    /// Sets the address to listen on.
    ///
    /// Any address outside the loopback interface makes the server accessible to others.
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Sets the loopback port to listen on. 0 selects a free port.
    pub fn port(self, port: u16) -> Self {
        self.address((Ipv4Addr::LOCALHOST, port))
    }

    /// Sets the only valid API key. By default any key is valid.
    ///
    /// Requests without a key are always rejected.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.api_key = Some(key.into());
        self
    }

    /// Rejects requests without the header `OpenAI-Beta: assistants=v2`.
    pub fn require_beta_header(mut self) -> Self {
        self.settings.requires_beta_header = true;
        self
    }

    /// Speaks the dialect of Azure AI Foundry Agents (classic).
    ///
    /// Requests need the query parameter `api-version` and a bearer token, threads are listed, pages
    /// have no `first_id`, and calls of MCP servers require approval ([`Turn::mcp`](crate::Turn::mcp)).
    ///
    /// ```
    /// use openai_assistants_fake::Fake;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = Fake::builder().foundry().start().await?;
    /// assert!(server.url().ends_with("/api/projects/fake"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn foundry(mut self) -> Self {
        self.settings.dialect = Dialect::Foundry;
        self
    }

    /// Returns sample objects for unknown IDs and limits out of range.
    ///
    /// For test suites that expect a stateless mock.
    pub fn stub(mut self) -> Self {
        self.settings.is_stub = true;
        self
    }

    /// Sets the clock that drives and expires runs.
    ///
    /// Time-outs of connections are always in real time.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Uses sequential IDs, such as `msg_0001`, instead of random ones.
    pub fn counted_ids(mut self) -> Self {
        self.ids = Ids::sequential();
        self
    }

    /// Sets the delay between two events of a run; none by default.
    ///
    /// It applies to changes of status and to the pieces of a message. Without a delay, a
    /// turn is complete when the run is first fetched.
    pub fn pace(mut self, delay: Duration) -> Self {
        self.limits.pace = delay;
        self
    }

    /// Sets the time until a run expires; 10 minutes by default.
    ///
    /// With a time that a clock cannot represent, such as [`Duration::MAX`], runs do not
    /// expire.
    pub fn run_lifetime(mut self, lifetime: Duration) -> Self {
        self.limits.lifetime = lifetime;
        self
    }

    /// Sets the `openai-poll-after-ms` header of active runs; 10 ms by default.
    pub fn poll_after(mut self, interval: Duration) -> Self {
        self.settings.poll_after = interval;
        self
    }

    /// Limits the number of objects; 100,000 by default.
    ///
    /// Assistants, threads, messages, runs, run steps, files and vector stores count. Requests beyond the limit are
    /// rejected. Objects that a run creates count, but never fail the run.
    pub fn max_objects(mut self, count: usize) -> Self {
        self.limits.max_objects = count;
        self
    }

    /// Limits the size of all objects as JSON and of files in memory, in bytes; 256 MiB by default.
    ///
    /// Requests beyond the limit are rejected. Objects that a run creates count, but never
    /// fail the run.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_bytes = bytes;
        self
    }

    /// Limits the size of a request body, in bytes; 1 MiB by default.
    ///
    /// [`max_file`](Self::max_file) limits uploads.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Limits the size of an uploaded file, in bytes; 512 MiB by default, as in the hosted service.
    ///
    /// Without a [`folder`](Self::folder), [`max_bytes`](Self::max_bytes) limits it too. An upload is
    /// in memory until it is complete, also with a folder.
    pub fn max_file(mut self, bytes: usize) -> Self {
        self.settings.max_file = bytes;
        self
    }

    /// Stores the content of files in a folder, instead of in memory.
    ///
    /// The folder is created. A file is removed from it when it is deleted, and when the server stops.
    ///
    /// ```
    /// use openai_assistants_fake::Fake;
    ///
    /// let fake = Fake::builder().folder(std::env::temp_dir().join("uploads"));
    /// ```
    pub fn folder(mut self, path: impl Into<PathBuf>) -> Self {
        self.folder = Some(path.into());
        self
    }

    /// Limits the number of open connections; 10,000 by default.
    ///
    /// Further connections wait. A connection without a request for 30 seconds is closed.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// Applies a fault to every request.
    pub fn fault(self, fault: Fault) -> Self {
        self.rule(None, When::Always, vec![fault])
    }

    /// Applies a fault to every request of one operation.
    ///
    /// The operation is an `operationId` of `openapi.yaml`, such as `getRun`. For
    /// `submitToolOuputsToRun`, the correct spelling works too.
    pub fn fault_on(self, operation: impl Into<String>, fault: Fault) -> Self {
        self.rule(Some(operation.into()), When::Always, vec![fault])
    }

    /// Applies a fault to the first `count` requests of one operation.
    pub fn fault_times(self, count: u32, operation: impl Into<String>, fault: Fault) -> Self {
        self.rule(Some(operation.into()), When::Times(count), vec![fault])
    }

    /// Applies one of the faults to one in `count` requests, at random.
    ///
    /// The same seed selects the same requests and faults.
    pub fn faults_one_in(
        self,
        count: u64,
        seed: u64,
        faults: impl IntoIterator<Item = Fault>,
    ) -> Self {
        let when = When::OneIn(count, Random::seeded(seed));
        self.rule(None, when, faults.into_iter().collect())
    }

    /// Sets a callback that is called with every request when its response starts.
    pub fn on_request(mut self, log: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Checks all responses and events against `openapi.yaml`.
    ///
    /// A response that violates the document becomes an error with status 500, and the
    /// [`Server`] panics when it is dropped.
    pub fn checked(mut self) -> Self {
        self.is_checked = true;
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    /// Fails if the server cannot listen on the address, if a fault is set for an unknown
    /// operation, or if the folder of files cannot be created.
    pub async fn start(self) -> io::Result<Server> {
        let (address, max_connections) = (self.address, self.max_connections);
        let service = self.service()?;
        let listener = TcpListener::bind(address).await?;
        Ok(Server {
            address: listener.local_addr()?,
            task: Some(tokio::spawn(serve(
                listener,
                service.clone(),
                max_connections,
            ))),
            service,
        })
    }

    /// Returns the server as a service, without a socket.
    ///
    /// # Errors
    /// Fails if a fault is set for an unknown operation, or if the folder of files cannot be
    /// created.
    pub fn service(mut self) -> io::Result<FakeService> {
        let document = self.settings.dialect.document();
        let faults = FaultRules::new(self.rules, document);
        let faults = faults.map_err(|text| io::Error::new(io::ErrorKind::InvalidInput, text))?;
        match &self.folder {
            Some(folder) => std::fs::create_dir_all(folder)?,
            // A larger file could not be stored.
            None => self.settings.max_file = self.settings.max_file.min(self.limits.max_bytes),
        }
        let check = self.is_checked.then(|| Arc::new(Check::new(document)));
        let event_observer = check
            .clone()
            .map(|check| -> EventObserver { Arc::new(move |name, data| check.event(name, data)) });
        let (stop, shutdown) = Shutdown::channel();
        let app = App {
            state: Arc::new(State {
                store: Arc::new(Mutex::new(Store::new())),
                ids: self.ids,
                clock: self.clock,
                model: self.model,
                event_observer,
                folder: self.folder,
                limits: self.limits,
            }),
            handler: operations::handler,
            settings: self.settings,
            faults,
            check,
            log: self.log,
            shutdown,
        };
        Ok(FakeService::new(app, stop))
    }

    fn rule(mut self, operation: Option<String>, when: When, faults: Vec<Fault>) -> Self {
        self.rules.push(Rule {
            operation,
            when,
            faults,
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    #[should_panic(expected = "the fake server violated openapi.yaml")]
    async fn a_checked_server_panics_after_a_violation() {
        let fake = Fake::builder().model(Echo).checked();
        let server = fake.start().await.expect("a port is free");
        let app = &server.service.app;
        let check = app.check.as_ref().expect("the server is checked");
        check.event("thread.brand_new", &json!({}));
        assert_eq!(server.violations().len(), 1);
    }
}
