//! Watches the spans and events of all tests for the keys of the clients.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{NoSubscriber, set_global_default};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use super::leak::leak;

/// The keys, tokens and headers of the clients. Spans and events, errors and `Debug` must not have them.
pub const KEYS: [&str; 9] = [
    "sk-secret-key",
    "hush-hush-1",
    "sk-other-key",
    "sk-0123456789abcdef",
    "hush/hush+hush=",
    "call-secret",
    "query-secret",
    "token-secret",
    "secret-token-",
];

/// Installs a subscriber that checks the spans and events of tests without a subscriber of their own.
///
/// There are two dispatchers: with only one, the thread that reaches a span first decides whether it is
/// enabled, and that may be a test that collects nothing.
pub fn keep_dispatchers() {
    static KEPT: OnceLock<Dispatch> = OnceLock::new();
    KEPT.get_or_init(|| {
        set_global_default(Registry::default().with(Watch)).expect("no other code sets it");
        Dispatch::new(NoSubscriber::new())
    });
}

/// The number of fields that were checked.
static CHECKED: AtomicUsize = AtomicUsize::new(0);

/// Panics if a field has a key.
pub struct Watch;

impl Visit for Watch {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        CHECKED.fetch_add(1, Ordering::Relaxed);
        let text = format!("{value:?}");
        for key in KEYS {
            if let Some(form) = leak(&text, key) {
                panic!("the field `{field}` has a key {form}: {text}");
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for Watch {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut Self);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut Self);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Self);
    }
}

/// The number of fields of all tests that were checked so far.
pub fn checked_fields() -> usize {
    CHECKED.load(Ordering::Relaxed)
}
