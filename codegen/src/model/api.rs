//! The operations and schemas of a document, and how they relate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::operation::{self, Operation};
use super::reference::{SCHEMAS, reference, visit_references};
use super::schema::{Kind, Schema};
use crate::error::Error;
use crate::module::Module;

/// The value of the header `OpenAI-Beta` for a document that does not specify it.
pub const DEFAULT_BETA: &str = "assistants=v2";

/// The schema of a run.
const RUN: &str = "RunObject";

/// The path that creates a run together with its thread, and the one that creates it on a thread.
const THREAD_AND_RUN: (&str, &str) = ("/threads/runs", "/threads/{thread_id}/runs");

/// A canonical document.
pub struct Api<'a> {
    /// The document as JSON.
    pub document: &'a Value,
    /// The module that source is generated for.
    pub module: Module,
    /// The operations, in the order of the paths.
    pub operations: Vec<Operation<'a>>,
    /// The component schemas.
    pub schemas: BTreeMap<&'a str, Schema<'a>>,
    /// The schemas that request bodies use. Their types have builders.
    pub requests: BTreeSet<&'a str>,
}

/// The response of a list operation.
pub struct Page<'a> {
    /// The schema of the response.
    pub schema: &'a str,
    /// The schema of an item.
    pub item: &'a str,
    /// Whether the page has a `first_id`.
    pub first_id: Presence,
    /// Whether the page has a `last_id`.
    pub last_id: Presence,
}

/// Whether an object has a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Presence {
    /// The property is required and not nullable.
    Always,
    /// The property is optional or nullable.
    Sometimes,
    /// The schema does not define the property.
    Never,
}

impl<'a> Api<'a> {
    /// Reads the operations and schemas of a document.
    pub fn read(document: &'a Value, module: Module) -> Result<Self, Error> {
        match document["openapi"].as_str() {
            Some(version) if version.starts_with("3.0.") => {}
            Some(version) => {
                return Err(Error::at(
                    "#/openapi",
                    format!("OpenAPI 3.0 is required, and this is {version}"),
                ));
            }
            None => return Err(Error::at("#/openapi", "this is not an OpenAPI document")),
        }
        let schemas = document["components"]["schemas"]
            .as_object()
            .ok_or_else(|| Error::at("#/components/schemas", "the document has no schemas"))?;
        let schemas = schemas
            .iter()
            .map(|(name, value)| Ok((name.as_str(), Schema::read(name, value)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        let mut api = Self {
            document,
            module,
            operations: operation::read_all(document)?,
            schemas,
            requests: BTreeSet::new(),
        };
        api.check_references()?;
        api.requests = api.closure(api.operations.iter().filter_map(|operation| operation.body));
        Ok(api)
    }

    /// The value of the header `OpenAI-Beta`.
    pub fn beta(&self) -> &'a str {
        self.recorded_beta().as_str().unwrap_or(DEFAULT_BETA)
    }

    /// The value of the header that the import recorded, or null.
    pub fn recorded_beta(&self) -> &'a Value {
        &self.document["info"]["x-source"]["beta"]
    }

    /// Whether the type of a schema has a builder.
    pub fn has_builder(&self, schema: &str) -> bool {
        self.requests.contains(schema) && matches!(self.schemas[schema].kind, Kind::Object { .. })
    }

    /// Whether an operation returns a run that handwritten code can follow.
    pub fn follows_run(&self, operation: &Operation) -> bool {
        self.module.follows_runs() && operation.response == Some(RUN)
    }

    /// The list operations: those with a cursor `after` whose response is a page.
    pub fn lists(&self) -> impl Iterator<Item = (&Operation<'a>, Page<'a>)> {
        self.operations.iter().filter_map(|operation| {
            let has_cursor = operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == "after");
            let page = self.page(operation.response?)?;
            (operation.method == "get" && has_cursor).then_some((operation, page))
        })
    }

    /// Whether an operation creates a thread together with its run.
    pub fn creates_thread_and_run(&self, operation: &Operation) -> bool {
        operation.method == "post" && operation.path == THREAD_AND_RUN.0
    }

    /// Whether an operation creates an object that can be found by its metadata in a list: that of the
    /// same path, or that of the runs of a thread.
    pub fn creates_in_list(&self, operation: &Operation) -> bool {
        let has_metadata = operation
            .body
            .is_some_and(|body| self.presence(body, "metadata") != Presence::Never);
        let path = match self.creates_thread_and_run(operation) {
            true => THREAD_AND_RUN.1,
            false => operation.path,
        };
        let is_listed = self
            .lists()
            .any(|(list, page)| list.path == path && Some(page.item) == operation.response);
        operation.method == "post" && has_metadata && is_listed
    }

    /// A response as a page of a list, if it is one.
    pub fn page(&self, response: &'a str) -> Option<Page<'a>> {
        let properties = self.schemas.get(response)?.value.get("properties")?;
        let item = reference(&properties["data"]["items"])?;
        let is_always = |schema, property| self.presence(schema, property) == Presence::Always;
        let is_page = is_always(response, "data") && is_always(response, "has_more");
        let has_id = is_always(item, "id") && self.is_text(item, "id");
        (is_page && has_id).then(|| Page {
            schema: response,
            item,
            first_id: self.presence(response, "first_id"),
            last_id: self.presence(response, "last_id"),
        })
    }

    /// Whether a property is an arbitrary text.
    pub fn is_text(&self, schema: &str, property: &str) -> bool {
        let properties = self.schemas[schema].value.get("properties");
        let property = properties.map_or(&Value::Null, |properties| &properties[property]);
        property["type"] == "string" && property["enum"].is_null()
    }

    /// Whether objects of a schema have a property.
    pub fn presence(&self, schema: &str, property: &str) -> Presence {
        let schema = self.schemas[schema].value;
        let Some(definition) = schema.get("properties").and_then(|all| all.get(property)) else {
            return Presence::Never;
        };
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = required.is_some_and(|names| names.iter().any(|name| name == property));
        match is_required && definition["nullable"] != true {
            true => Presence::Always,
            false => Presence::Sometimes,
        }
    }

    /// The given schemas, and all that they refer to.
    fn closure(&self, roots: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut closure = BTreeSet::new();
        let mut pending: Vec<&str> = roots.collect();
        while let Some(name) = pending.pop() {
            if closure.insert(name)
                && let Some(schema) = self.schemas.get(name)
            {
                visit_references(schema.value.values(), &mut |name| pending.push(name));
            }
        }
        closure
    }

    fn check_references(&self) -> Result<(), Error> {
        let mut dangling = None;
        visit_references([self.document].into_iter(), &mut |name| {
            if !self.schemas.contains_key(name) {
                dangling.get_or_insert(name);
            }
        });
        match dangling {
            Some(name) => Err(Error::at(
                format!("{SCHEMAS}{name}"),
                "a reference points to this schema, which does not exist",
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Api, Module};
    use crate::features;
    use crate::test_support::{document, error, object, refer};

    #[test]
    fn objects_are_listed_with_their_metadata() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
        let document = crate::document::read(path.as_ref()).expect("openapi.yaml is readable");
        let listed = |has_foundry: bool| {
            let is_enabled = |feature: &str| has_foundry || feature != "foundry";
            let document = features::select(&document, &is_enabled).expect("the marks are valid");
            let api = Api::read(&document, Module::Root).expect("the document is usable");
            let operations = api.operations.iter();
            let listed = operations.filter(|operation| api.creates_in_list(operation));
            listed
                .map(|operation| operation.id.to_owned())
                .collect::<Vec<_>>()
        };
        let mut expected = vec![
            "createAssistant",
            "createThreadAndRun",
            "createMessage",
            "createRun",
            "createVectorStore",
        ];
        assert_eq!(listed(false), expected);
        // Only Foundry lists threads.
        expected.insert(1, "createThread");
        assert_eq!(listed(true), expected);
    }

    #[test]
    fn other_versions_of_openapi_are_an_error() {
        let mut document = document(json!({}));
        document["openapi"] = "3.1.0".into();
        assert_eq!(
            error(&document),
            "at #/openapi: OpenAPI 3.0 is required, and this is 3.1.0"
        );
    }

    #[test]
    fn a_dangling_reference_is_an_error() {
        let broken = object(json!({ "of": refer("Nothing") }), &[]);
        assert_eq!(
            error(&document(json!({ "Broken": broken }))),
            "at #/components/schemas/Nothing: a reference points to this schema, which does not exist"
        );
    }
}
