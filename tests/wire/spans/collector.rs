//! A layer that collects the spans of this crate.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

use crate::support::keep_dispatchers;

/// A span with the fields that were recorded.
#[derive(Clone, Debug)]
pub struct Span {
    id: Id,
    /// The position of the parent.
    pub parent: Option<usize>,
    pub name: &'static str,
    pub level: &'static str,
    pub fields: BTreeMap<&'static str, String>,
    pub has_ended: bool,
}

impl Span {
    /// The value of a field, empty without one.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// The spans of the current thread so far. Fails if a field is recorded twice.
#[derive(Clone, Default)]
pub struct Spans(Arc<Mutex<Vec<Span>>>, Arc<Mutex<Vec<String>>>);

impl Spans {
    /// Collects the spans until the guard is dropped.
    pub fn collect() -> (Self, DefaultGuard) {
        keep_dispatchers();
        let spans = Self::default();
        let guard = Registry::default().with(spans.clone()).set_default();
        (spans, guard)
    }

    /// The spans in the order in which they started.
    pub fn all(&self) -> Vec<Span> {
        self.0.lock().unwrap().clone()
    }

    /// The names of the spans, indented below their parents.
    pub fn tree(&self) -> Vec<String> {
        let spans = self.all();
        let line = |span: &Span| {
            let parents = std::iter::successors(Some(span), |span| Some(&spans[span.parent?]));
            let name = match span.field("otel.name") {
                "" => span.name,
                name => name,
            };
            format!("{}{name}", "  ".repeat(parents.count() - 1))
        };
        spans.iter().map(line).collect()
    }

    /// The spans with this name.
    pub fn named(&self, name: &str) -> Vec<Span> {
        let named = self.all().into_iter();
        named.filter(|span| span.name == name).collect()
    }

    /// All fields of all spans and events, as text.
    pub fn text(&self) -> String {
        let events = self.1.lock().unwrap().join("\n");
        format!("{:?}\n{events}", self.all())
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let before = self.0.insert(field.name(), value.to_owned());
        assert!(before.is_none(), "the field {field} is recorded twice");
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        // Those of tests are collected too.
        if !["openai_assistants", "wire"]
            .iter()
            .any(|target| metadata.target().starts_with(target))
        {
            return;
        }
        let mut spans = self.0.lock().unwrap();
        let parent = context.span(id).and_then(|span| Some(span.parent()?.id()));
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        let span = Span {
            // IDs are reused after the end.
            parent: parent.and_then(|parent| spans.iter().rposition(|span| span.id == parent)),
            id: id.clone(),
            name: metadata.name(),
            level: metadata.level().as_str(),
            fields,
            has_ended: false,
        };
        spans.push(span);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        if let Some(span) = spans.iter_mut().rfind(|span| span.id == *id) {
            values.record(&mut Fields(&mut span.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("openai_assistants") {
            let mut fields = BTreeMap::new();
            event.record(&mut Fields(&mut fields));
            self.1.lock().unwrap().push(format!("{fields:?}"));
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        if let Some(span) = spans.iter_mut().rfind(|span| span.id == id) {
            span.has_ended = true;
        }
    }
}
