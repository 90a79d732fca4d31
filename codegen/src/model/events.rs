//! Server-sent events: their unions, and the data that they carry.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::Api;
use super::reference::{SCHEMAS, target};
use super::schema::{Kind, Member};
use crate::error::Error;

/// The data of an event.
pub enum Payload<'a> {
    /// JSON of a schema.
    Schema(&'a str),
    /// A constant text that is not JSON, such as `[DONE]`.
    Literal(&'a str),
}

/// The data of an event.
///
/// # Errors
/// It is neither a schema nor a literal.
pub fn payload<'a>(api: &Api<'a>, member: &Member) -> Result<Payload<'a>, Error> {
    let properties = api.schemas[member.schema].value.get("properties");
    let data = properties.map_or(&Value::Null, |properties| &properties["data"]);
    if let Some(schema) = target(data).filter(|name| !api.schemas[name].is_primitive()) {
        return Ok(Payload::Schema(schema));
    }
    match data["enum"].as_array().map(Vec::as_slice) {
        Some([Value::String(text)]) => Ok(Payload::Literal(text)),
        _ => Err(Error::at(
            format!("{SCHEMAS}{}/properties/data", member.schema),
            "the data of an event is neither a named schema nor a literal",
        )),
    }
}

/// The schemas of the data of all events.
pub fn payloads<'a>(api: &Api<'a>) -> Result<BTreeSet<&'a str>, Error> {
    let mut payloads = BTreeSet::new();
    for union in unions(api) {
        if let Kind::Events { members } = &api.schemas[union].kind {
            for member in members {
                if let Payload::Schema(schema) = payload(api, member)? {
                    payloads.insert(schema);
                }
            }
        }
    }
    Ok(payloads)
}

/// The unions of events that operations stream.
pub fn unions<'a>(api: &Api<'a>) -> BTreeSet<&'a str> {
    let events = api.operations.iter().map(|operation| operation.events);
    events.flatten().collect()
}

/// Whether a schema is an event or a union of events. typify does not see these.
pub fn is_event(api: &Api, name: &str) -> bool {
    api.schemas
        .iter()
        .any(|(union, schema)| match &schema.kind {
            Kind::Events { members } => {
                *union == name || members.iter().any(|member| member.schema == name)
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{error, object, streaming_document};

    #[test]
    fn an_event_without_data_is_an_error() {
        for event in [json!({}), object(json!({}), &[])] {
            let mut document = streaming_document();
            document["components"]["schemas"]["DoneEvent"] = event;
            assert_eq!(
                error(&document),
                "at #/components/schemas/DoneEvent/properties/data: the data of an event is neither a named schema nor a literal"
            );
        }
    }
}
