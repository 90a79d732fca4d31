//! Malformed objects: of every response and event, each property is removed, null, or of another
//! JSON type.

use std::collections::BTreeSet;

use openai_assistants::{Page, RawEvent, StreamEvent, types};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::document::Document;
use crate::loss::lost;
use crate::objects;
use crate::server::{MockResponse, Server};
use crate::version::{Version, versions};

/// An object with one property changed.
struct Mutation {
    object: Value,
    /// The place of the property.
    pointer: String,
    /// What was done to it.
    change: String,
}

impl Mutation {
    /// All mutations of an object and of the objects in it.
    fn all(object: &Value) -> Vec<Self> {
        let mut pointers = Vec::new();
        properties(object, "", &mut pointers);
        let mutate = |pointer: &String| {
            let value = object.pointer(pointer).expect("it exists");
            let others = [
                json!(null),
                json!("other"),
                json!(7.5),
                json!(true),
                json!([7]),
                json!({ "other": true }),
            ];
            let is_other =
                |other: &Value| std::mem::discriminant(other) != std::mem::discriminant(value);
            let replaced = others.into_iter().filter(is_other).map(Some);
            replaced
                .chain([None])
                .map(|other| Self::new(object, pointer, other))
                .collect::<Vec<_>>()
        };
        pointers.iter().flat_map(mutate).collect()
    }

    fn new(object: &Value, pointer: &str, value: Option<Value>) -> Self {
        let mut object = object.clone();
        let change = match &value {
            Some(value) => format!("{pointer} = {value}"),
            None => format!("{pointer} removed"),
        };
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
        let parent = object.pointer_mut(parent).and_then(Value::as_object_mut);
        let parent = parent.expect("it is an object");
        match value {
            Some(value) => parent.insert(name.to_owned(), value),
            None => parent.remove(name),
        };
        Self {
            object,
            pointer: pointer.to_owned(),
            change,
        }
    }

    /// Whether the object is useless without the property.
    fn is_essential(&self) -> bool {
        let is_run = |object: &Value| {
            let properties = object.as_object().expect("it is an object");
            properties.contains_key("assistant_id")
                && properties.contains_key("thread_id")
                && !properties.contains_key("run_id")
        };
        match &*self.pointer {
            // A page without items would end a list.
            "/id" | "/data" => true,
            "/status" => is_run(&self.object),
            _ => false,
        }
    }
}

/// The pointers to all properties of an object and of the objects in it.
fn properties(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(properties_of) => {
            for (name, value) in properties_of {
                let pointer = format!("{at}/{name}");
                properties(value, &pointer, found);
                found.push(pointer);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                properties(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[derive(Default)]
struct Report {
    mutations: usize,
    essential: usize,
    failures: Vec<String>,
    /// The types of the pages.
    pages: BTreeSet<&'static str>,
}

impl Report {
    /// Checks the result of a mutation: the value as serialized, or an error.
    fn check(&mut self, what: &str, mutation: &Mutation, result: Result<Value, String>) {
        self.mutations += 1;
        let reason = match result {
            Ok(serialized) => {
                lost(&mutation.object, Some(&serialized)).map(|at| format!("{at} is lost"))
            }
            Err(error) if mutation.is_essential() => {
                self.essential += 1;
                let property = mutation.pointer.trim_start_matches('/');
                (!error.contains(&format!("`{property}`")))
                    .then(|| format!("without its path: {error}"))
            }
            Err(error) => Some(error),
        };
        let failure = reason.map(|reason| format!("{what}, {}: {reason}", mutation.change));
        self.failures.extend(failure);
    }

    /// Checks all mutations of every response, by the calls of the contracts.
    async fn responses(&mut self, version: &Version) {
        let server = Server::start(MockResponse::json(200, Value::Null)).await;
        let mut checked = BTreeSet::new();
        for contract in &version.contracts {
            let schema = Document::name(version.document.response_schema(contract.id));
            if !checked.insert((schema, contract.response.to_string())) {
                continue;
            }
            // Items are mutated between others.
            let is_list = contract.items.is_some();
            let mut mutations = Mutation::all(&contract.response);
            mutations.retain(|mutation| !is_list || mutation.pointer.rfind('/') == Some(0));
            for mutation in mutations {
                server.respond_with(MockResponse::json(200, mutation.object.clone()));
                let response = (contract.call)(server.client()).await;
                let result = response.map_err(|error| error.to_string());
                self.check(contract.id, &mutation, result);
            }
        }
    }

    /// Checks all mutations of every event, and of samples that have every member of each union.
    async fn events(&mut self, version: &Version) {
        let mut schemas = BTreeSet::new();
        for event in version.events() {
            if !event.data.is_object() || event.name == "error" {
                continue;
            }
            let mutations = Mutation::all(&event.data);
            self.event(version, event.name, &event.data, &mutations)
                .await;
            if !schemas.insert(Document::name(event.schema)) {
                continue;
            }
            let mut checked = BTreeSet::new();
            for number in 0..4 {
                let sample = version.document.sample(event.schema, number);
                let mut mutations = Mutation::all(&sample);
                mutations.retain(|mutation| {
                    let value = sample.pointer(&mutation.pointer).map(Value::to_string);
                    checked.insert((mutation.change.clone(), value))
                });
                self.event(version, event.name, &sample, &mutations).await;
            }
        }
    }

    /// Checks mutations of an event, each between two valid ones, by a stream.
    async fn event(&mut self, version: &Version, name: &str, data: &Value, mutations: &[Mutation]) {
        let wire = |data: &Value| format!("event: {name}\ndata: {data}\n\n");
        let valid = wire(data);
        let pair = |mutation: &Mutation| wire(&mutation.object) + &valid;
        let pairs: String = mutations.iter().map(pair).collect();
        let completed = r#"{"id":"run_1","status":"completed"}"#;
        let completed = format!("event: thread.run.completed\ndata: {completed}\n\n");
        let response = MockResponse::text(200, &[&*valid, &pairs, &completed].concat());
        let server = Server::start(response.header("content-type", "text/event-stream")).await;
        let contracts = version.contracts.iter();
        let mut streams = contracts.filter_map(|contract| contract.events);
        let stream = streams.next().expect("an operation streams");
        let received = stream(server.client()).await.expect("the stream opens");
        assert_eq!(received.len(), 2 * mutations.len() + 2, "{name}");
        let mut received = received.into_iter();
        let mut next = || {
            let event = received.next().expect("there are as many");
            event
                .map(|event| event.data)
                .map_err(|error| error.to_string())
        };
        assert_eq!(next().as_ref(), Ok(data), "{name}");
        for mutation in mutations {
            self.check(name, mutation, next());
            assert_eq!(next().as_ref(), Ok(data), "{name}, {}", mutation.change);
        }
    }

    /// Checks all mutations of an item between two others.
    fn page<P>(&mut self, item: &Value)
    where
        P: Page<Item: DeserializeOwned + Serialize> + DeserializeOwned + Serialize,
    {
        self.pages.insert(std::any::type_name::<P>());
        for mutation in Mutation::all(item) {
            let page = json!({
                "object": "list", "first_id": "a", "last_id": "b", "has_more": true,
                "data": [item, mutation.object, item],
            });
            let what = std::any::type_name::<P>();
            let page = match decode::<P>(&page) {
                Ok(page) => page,
                Err(error) => {
                    self.failures
                        .push(format!("{what}, {}: {error}", mutation.change));
                    continue;
                }
            };
            let serialized = serialized(&page);
            assert_eq!(page.items().len() + page.malformed().len(), 3);
            assert_eq!(lost(item, Some(&serialized["data"][0])), None);
            assert_eq!(lost(item, Some(&serialized["data"][2])), None);
            let result = match page.malformed() {
                [] => Ok(serialized["data"][1].clone()),
                malformed => {
                    assert_eq!(malformed[0].index, 1);
                    assert_eq!(serialized["data"][1], mutation.object, "it is kept");
                    Err(malformed[0].reason.clone())
                }
            };
            self.check(what, &mutation, result);
        }
    }
}

/// Deserializes like the client.
fn decode<T: DeserializeOwned>(json: &Value) -> Result<T, String> {
    let event = RawEvent::decode("test", &json.to_string()).expect("it is raw");
    event.json().map_err(|error| error.to_string())
}

fn serialized<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("it can be serialized")
}

#[tokio::test]
async fn a_malformed_property_affects_only_itself() {
    let mut report = Report::default();
    report.page::<types::ListAssistantsResponse>(&objects::assistant());
    report.page::<types::ListMessagesResponse>(&objects::message());
    report.page::<types::ListRunsResponse>(&objects::run());
    report.page::<types::ListRunStepsResponse>(&objects::run_step());
    report.page::<types::ListRunStepsResponse>(&objects::message_step());
    #[cfg(feature = "foundry")]
    report.page::<types::ListThreadsResponse>(&objects::thread());
    #[cfg(feature = "files")]
    files(&mut report);
    #[cfg(feature = "v1")]
    v1(&mut report);
    let mut pages = 0;
    for version in versions() {
        report.responses(version).await;
        report.events(version).await;
        let lists = version
            .contracts
            .iter()
            .filter(|contract| contract.items.is_some());
        let schemas: BTreeSet<_> = lists
            .filter_map(|contract| Document::name(version.document.response_schema(contract.id)))
            .collect();
        pages += schemas.len();
    }
    assert_eq!(report.pages.len(), pages, "{:?}", report.pages);
    println!(
        "{} mutations, of which {} fail for lack of an ID, the status of a run or the items of a page",
        report.mutations, report.essential
    );
    let failures = &report.failures;
    assert!(
        failures.is_empty(),
        "{}: {}",
        failures.len(),
        failures.join("\n")
    );
}

#[cfg(feature = "files")]
fn files(report: &mut Report) {
    use crate::operations_files::{file, store, store_file};

    report.page::<types::ListFilesResponse>(&file());
    report.page::<types::ListVectorStoresResponse>(&store());
    report.page::<types::ListVectorStoreFilesResponse>(&store_file());
}

#[cfg(feature = "v1")]
fn v1(report: &mut Report) {
    use crate::objects_v1 as objects;
    use openai_assistants::v1::types;

    report.page::<types::ListAssistantsResponse>(&objects::assistant());
    report.page::<types::ListAssistantFilesResponse>(&objects::assistant_file());
    report.page::<types::ListMessagesResponse>(&objects::message());
    report.page::<types::ListMessageFilesResponse>(&objects::message_file());
    report.page::<types::ListRunsResponse>(&objects::run());
    report.page::<types::ListRunStepsResponse>(&objects::run_step());
    report.page::<types::ListRunStepsResponse>(&objects::message_step());
}
