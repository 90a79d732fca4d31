//! Deltas: how objects grow by the events of a stream.
//!
//! `MessageDeltaObject.delta` mirrors `MessageObject` schema by schema. Starting from pairs
//! of event payloads (`thread.message` and `thread.message.delta`), `Merge` is generated for
//! each pair of types that mirror each other. How strings, lists and JSON grow is handwritten.
//! A property that the object lacks, or that has another type there, is ignored: the
//! complete object follows at the end of the stream.

mod definitions;
mod empty;
mod index;
mod merge;

use definitions::Definitions;
use merge::Merges;
use syn::Item;

use crate::error::Error;
use crate::model::api::Api;
use crate::model::events::payloads;
use crate::model::reference::type_name;

/// `Merge`, `Empty` and `Indexed` for the types of objects that grow.
pub fn emit(types: &[Item], api: &Api) -> Result<Vec<Item>, Error> {
    let definitions = Definitions::read(types, api);
    let mut merges = Merges::new(&definitions);
    for (object, delta) in pairs(api)? {
        merges.root(&type_name(object), &type_name(delta));
    }
    Ok(merges.into_items())
}

/// Each payload of deltas, with the payload that grows.
fn pairs<'a>(api: &Api<'a>) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let payloads = payloads(api)?;
    let object = |payload: &str| api.schemas[payload].object();
    let pair = |delta: &'a str| {
        let grows = object(delta)?.strip_suffix(".delta")?;
        api.schemas[delta].value.get("properties")?.get("delta")?;
        let target = payloads
            .iter()
            .find(|payload| object(payload) == Some(grows))?;
        Some((*target, delta))
    };
    Ok(payloads.iter().filter_map(|delta| pair(delta)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{
        self, constant, growing_document, implementations, refer, streaming_document,
    };

    #[test]
    fn objects_with_delta_events_grow_property_by_property() {
        let document = growing_document(
            json!({ "text": { "type": "string" }, "count": { "type": "integer" }, "here": { "type": "string" } }),
            json!({ "text": { "type": "string" }, "count": { "type": "integer" }, "there": { "type": "string" } }),
            json!({}),
        );
        let merges = implementations(&document, "Merge");
        assert_eq!(
            merges.keys().collect::<Vec<_>>(),
            ["ThingObject<ThingDelta>", "ThingObject<ThingDeltaObject>"]
        );
        let body = &merges["ThingObject<ThingDelta>"];
        assert!(
            body.contains(r#"crate::delta::text("text",crate::delta::made(&mutself.text),delta);"#),
            "{body}"
        );
        assert!(
            body.contains("Clone::clone_from(crate::delta::made(&mutself.count),delta);"),
            "{body}"
        );
        assert!(!body.contains("here"), "{body}");
        assert_eq!(
            merges["ThingObject<ThingDeltaObject>"],
            "{crate::delta::text(\"id\",&mutself.id,&delta.id);\
             ifletSome(delta)=&delta.delta{crate::delta::Merge::merge(&mut*self,delta,holes)?;}Ok(())}"
        );
    }

    #[test]
    fn objects_without_delta_events_do_not_grow() {
        for of in ["Merge", "Empty", "Indexed"] {
            assert!(implementations(&streaming_document(), of).is_empty());
        }
    }

    #[test]
    fn deltas_without_object_or_properties_are_ignored() {
        let mut document = growing_document(json!({}), json!({}), json!({}));
        let schemas = &mut document["components"]["schemas"];
        schemas["ThingObject"]["properties"]["object"] = constant("other");
        schemas["ThingDelta"] = json!({ "type": "string" });
        schemas["OtherEvent"] = test_support::object(
            json!({ "event": constant("other"), "data": refer("Status") }),
            &["event", "data"],
        );
        schemas["Status"] = json!({ "type": "string", "enum": ["a", "b"] });
        schemas["ThingEvent"]["oneOf"]
            .as_array_mut()
            .expect("a list")
            .push(refer("OtherEvent"));
        schemas["ThingEvent"]["discriminator"]["mapping"]["other"] =
            "#/components/schemas/OtherEvent".into();
        assert!(implementations(&document, "Merge").is_empty());
    }
}
