//! How a server is set up.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::{App, Log, Settings};
use crate::check::Check;
use crate::echo::Echo;
use crate::exchange::Exchange;
use crate::faults::{Fault, Faults, Rule, When};
use crate::ids::Ids;
use crate::model::Model;
use crate::random::Random;
use crate::serve::serve;
use crate::server::{ANY_KEY, Server};
use crate::service;
use crate::store::Store;

/// What a run has until it expires, as at the hosted service.
const LIFETIME: Duration = Duration::from_secs(600);

/// The fake server: where to start.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::{Fake, Script};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Fake::builder().model(Script::new().say("Hello")).start().await?;
/// let thread = server.client().create_thread().send().await?;
/// assert!(thread.id.starts_with("thread_"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Fake;

impl Fake {
    /// Settings of a server: a free port of the loopback interface, any key, and a model
    /// that says what it was told.
    pub fn builder() -> FakeBuilder {
        FakeBuilder {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            model: Box::new(Echo),
            clock: Arc::new(SystemClock),
            ids: Ids::random(),
            rules: Vec::new(),
            is_checked: false,
            log: None,
            settings: Settings {
                api_key: None,
                needs_beta_header: false,
                is_stub: false,
                pace: Duration::ZERO,
                lifetime: LIFETIME,
                poll_after: Duration::from_millis(10),
                max_objects: 100_000,
                max_bytes: 256 << 20,
                max_body: 1 << 20,
                max_connections: 10_000,
            },
        }
    }
}

/// Settings of a server.
///
/// # Examples
///
/// A server for a test in which ids, times and faults are always the same:
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
#[must_use = "it is a server when it is started"]
pub struct FakeBuilder {
    address: SocketAddr,
    model: Box<dyn Model>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    rules: Vec<Rule>,
    is_checked: bool,
    log: Option<Log>,
    settings: Settings,
}

impl FakeBuilder {
    /// What answers: an [`Echo`], unless this is set.
    pub fn model(mut self, model: impl Model) -> Self {
        self.model = Box::new(model);
        self
    }

    /// Where to listen. Anything but the loopback interface lets others in.
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// The port to listen at, on the loopback interface. 0 is any that is free.
    pub fn port(self, port: u16) -> Self {
        self.address((Ipv4Addr::LOCALHOST, port))
    }

    /// The one key that is right. Without it, any key is, but there has to be one.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.api_key = Some(key.into());
        self
    }

    /// Refuses requests without the header `OpenAI-Beta: assistants=v2`.
    pub fn require_beta_header(mut self) -> Self {
        self.settings.needs_beta_header = true;
        self
    }

    /// Answers for ids that do not exist, and for limits out of range, with objects that
    /// are made up, for suites that expect a mock without a state.
    pub fn stub(mut self) -> Self {
        self.settings.is_stub = true;
        self
    }

    /// Where the time comes from. Runs move on, and expire, by this clock. How long a
    /// connection may take is not for this clock to say.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Ids that count, `msg_0001`, instead of random ones.
    pub fn counted_ids(mut self) -> Self {
        self.ids = Ids::counted();
        self
    }

    /// What passes between two things that happen to a run: between its states, and
    /// between the pieces of a message. Without it, all has happened when one looks for
    /// the first time.
    pub fn pace(mut self, time: Duration) -> Self {
        self.settings.pace = time;
        self
    }

    /// What a run has until it expires, 10 minutes unless it is set. With a time that is
    /// beyond what a clock can tell, such as [`Duration::MAX`], it does not expire.
    pub fn run_lifetime(mut self, time: Duration) -> Self {
        self.settings.lifetime = time;
        self
    }

    /// The `openai-poll-after-ms` of runs that are not at rest, 10 ms unless it is set.
    pub fn poll_after(mut self, time: Duration) -> Self {
        self.settings.poll_after = time;
        self
    }

    /// How many objects there may be: assistants, threads, messages, runs and steps
    /// together. 100,000 unless it is set. More are refused. What a run brings about counts,
    /// and is not refused.
    pub fn max_objects(mut self, count: usize) -> Self {
        self.settings.max_objects = count;
        self
    }

    /// How many bytes all objects together may take, as JSON: 256 MiB unless it is set.
    /// More are refused. What a run brings about counts, and is not refused.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// How large the body of a request may be, in bytes: 1 MiB unless it is set.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// How many connections there may be at a time: 10,000 unless it is set. More wait
    /// until one is closed. A connection is closed that sends no request for 30 seconds.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.settings.max_connections = count;
        self
    }

    /// A fault for every request.
    pub fn fault(self, fault: Fault) -> Self {
        self.rule(None, When::Always, vec![fault])
    }

    /// A fault for every request to one operation, such as `getRun`: an `operationId` of
    /// `openapi.yaml`. `submitToolOutputsToRun` may be spelt as it is there, or correctly.
    pub fn fault_on(self, operation: impl Into<String>, fault: Fault) -> Self {
        self.rule(Some(operation.into()), When::Always, vec![fault])
    }

    /// A fault for the first requests to one operation, so many of them.
    pub fn fault_times(self, count: u32, operation: impl Into<String>, fault: Fault) -> Self {
        self.rule(Some(operation.into()), When::Times(count), vec![fault])
    }

    /// Faults for one request in so many, each time one of these. The same seed gives the
    /// same ones.
    pub fn faults_one_in(
        self,
        count: u64,
        seed: u64,
        faults: impl IntoIterator<Item = Fault>,
    ) -> Self {
        let when = When::OneIn(count, Random::seeded(seed));
        self.rule(None, when, faults.into_iter().collect())
    }

    /// Is told of every request, when its answer begins.
    pub fn on_request(mut self, log: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Compares everything that is sent with `openapi.yaml`, as the tests of this crate
    /// do. What it does not allow is answered with 500, and the [`Server`] panics when it
    /// is dropped.
    pub fn checked(mut self) -> Self {
        self.is_checked = true;
        self
    }

    /// Starts the server, on the tokio runtime of the caller.
    ///
    /// # Errors
    /// The address cannot be listened at, or a fault is set for an operation that is not
    /// there.
    pub async fn start(self) -> io::Result<Server> {
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(self.app(stopping)?);
        let (key, check) = (app.settings.api_key.clone(), app.check.clone());
        let task = tokio::spawn(serve(listener, service::router(&app), app));
        Ok(Server {
            address,
            key: key.unwrap_or_else(|| ANY_KEY.to_owned()),
            stop,
            task: Some(task),
            check,
        })
    }

    /// What the requests share. It stops when it is told to.
    pub(crate) fn app(self, stop: watch::Receiver<bool>) -> io::Result<App> {
        let faults = Faults::new(self.rules);
        let faults = faults.map_err(|text| io::Error::new(io::ErrorKind::InvalidInput, text))?;
        Ok(App {
            settings: self.settings,
            ids: self.ids,
            clock: self.clock,
            model: self.model,
            faults,
            check: self.is_checked.then(Arc::<Check>::default),
            log: self.log,
            stop,
            state: Mutex::new(Store::new()),
        })
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
