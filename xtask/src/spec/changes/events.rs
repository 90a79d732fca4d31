//! Server-sent events. In Rust they are the variants of one enum; the schemas around
//! their data are no types.

use super::compare::{Comparison, Place, keys};
use super::schemas::Role;
use super::{Effect, Subject, What};

impl Comparison<'_> {
    /// The events that were added and removed, and whether the others carry the same.
    pub(super) fn events(&mut self) {
        let (before, after) = (self.before.events.clone(), self.after.events.clone());
        for name in keys(&before, &after) {
            let place = Place::new("events", name);
            match (before.get(name), after.get(name)) {
                (Some(was), Some(is)) => self.event(&place, was, is),
                (Some(_), None) => self.note(
                    Subject::Event,
                    What::Removed,
                    &place,
                    None,
                    Effect::Breaks("the variant is gone"),
                ),
                (None, Some(is)) => {
                    let data = self
                        .after
                        .schemas
                        .get(is)
                        .map(|event| self.after_type(&event["properties"]["data"]));
                    let detail = data.map(|data| format!("carries {data}"));
                    self.note(Subject::Event, What::Added, &place, detail, Effect::Extends);
                }
                (None, None) => {}
            }
        }
    }

    fn event(&mut self, place: &Place, was: &str, is: &str) {
        let schemas = (self.before.schemas.get(was), self.after.schemas.get(is));
        let (Some(&before), Some(&after)) = schemas else {
            return;
        };
        if was != is {
            let detail = format!("its schema is {is} instead of {was}");
            self.changed(Subject::Event, place, detail, Effect::Nothing);
        }
        let data = (&before["properties"]["data"], &after["properties"]["data"]);
        if let Some((detail, effect)) = self.type_change("carries", data.0, data.1) {
            self.changed(Subject::Event, place, detail, effect);
        }
        // Everything but the data is read by nobody.
        self.properties(&Place::new("schemas", is), before, after, Role::Event);
    }
}
