//! Compares server-sent events, which are the variants of one enum in Rust.

use super::change::{Action, Effect, Subject};
use super::comparison::{Comparison, Location};
use super::index::keys;
use super::schemas::Usage;

impl Comparison<'_> {
    /// Compares the events and the types of their data.
    pub(super) fn compare_events(&mut self) {
        let (before, after) = (self.before.events.clone(), self.after.events.clone());
        for name in keys(&before, &after) {
            let location = Location::new("events", name);
            match (before.get(name), after.get(name)) {
                (Some(old), Some(new)) => self.compare_event(&location, old, new),
                (Some(_), None) => self.record(
                    Subject::Event,
                    Action::Removed,
                    &location,
                    None,
                    Effect::Breaks("variant removed"),
                ),
                (None, Some(new)) => {
                    let data = self
                        .after
                        .schemas
                        .get(new)
                        .map(|event| self.type_after(&event["properties"]["data"]));
                    let detail = data.map(|data| format!("data type {data}"));
                    let effect = Effect::Extends;
                    self.record(Subject::Event, Action::Added, &location, detail, effect);
                }
                (None, None) => {}
            }
        }
    }

    fn compare_event(&mut self, location: &Location, old_name: &str, new_name: &str) {
        let schemas = (
            self.before.schemas.get(old_name),
            self.after.schemas.get(new_name),
        );
        let (Some(&before), Some(&after)) = schemas else {
            return;
        };
        if old_name != new_name {
            let detail = format!("schema changed from {old_name} to {new_name}");
            self.changed(Subject::Event, location, detail, Effect::None);
        }
        let data = (&before["properties"]["data"], &after["properties"]["data"]);
        if let Some((detail, effect)) = self.type_change("data type", data.0, data.1) {
            self.changed(Subject::Event, location, detail, effect);
        }
        // The client reads only the data.
        let location = Location::new("schemas", new_name);
        self.compare_properties(&location, before, after, Usage::Event);
    }
}
