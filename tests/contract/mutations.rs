//! Malformed objects: of every response and event, each property is removed, null, or of another
//! JSON type.

use openai_assistants::{Page, RawEvent, StreamEvent, types};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::loss::lost;
use crate::objects;
use crate::version::versions;

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
            "/id" => true,
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

    /// Checks all mutations of a response.
    fn response<T: DeserializeOwned + Serialize>(&mut self, object: &Value) {
        for mutation in Mutation::all(object) {
            let result = decode::<T>(&mutation.object).map(|object| serialized(&object));
            self.check(std::any::type_name::<T>(), &mutation, result);
        }
    }

    /// Checks all mutations of an item between two others.
    fn page<P>(&mut self, item: &Value)
    where
        P: Page<Item: DeserializeOwned + Serialize> + DeserializeOwned + Serialize,
    {
        self.response::<P::Item>(item);
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

#[test]
fn a_malformed_property_affects_only_itself() {
    let mut report = Report::default();
    report.page::<types::ListAssistantsResponse>(&objects::assistant());
    report.page::<types::ListMessagesResponse>(&objects::message());
    report.page::<types::ListRunsResponse>(&objects::run());
    report.page::<types::ListRunStepsResponse>(&objects::run_step());
    report.page::<types::ListRunStepsResponse>(&objects::message_step());
    report.response::<types::ThreadObject>(&objects::thread());
    report
        .response::<types::DeleteAssistantResponse>(&crate::contract::deleted("assistant.deleted"));
    report.response::<types::DeleteThreadResponse>(&crate::contract::deleted("thread.deleted"));
    report.response::<types::DeleteMessageResponse>(&crate::contract::deleted(
        "thread.message.deleted",
    ));
    #[cfg(feature = "files")]
    files(&mut report);
    for version in versions() {
        for event in version.events() {
            if event.data.is_object() && event.name != "error" {
                for mutation in Mutation::all(&event.data) {
                    let result = (version.decode_event)(event.name, &mutation.object.to_string());
                    let result = result
                        .map(|event| event.data)
                        .map_err(|error| error.to_string());
                    report.check(event.name, &mutation, result);
                }
            }
        }
    }
    println!(
        "{} mutations, of which {} fail for lack of an ID or the status of a run",
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
    use crate::contract::deleted;
    use crate::operations_files::{batch, content, file, found, store, store_file};

    report.response::<types::FileObject>(&file());
    report.response::<types::VectorStoreObject>(&store());
    report.response::<types::VectorStoreFileObject>(&store_file());
    report.response::<types::VectorStoreFileBatchObject>(&batch());
    report.response::<types::VectorStoreSearchResultItem>(&found()["data"][0]);
    report.response::<types::VectorStoreFileContent>(&content()["data"][0]);
    report.page::<types::ListFilesResponse>(&file());
    report.page::<types::ListVectorStoresResponse>(&store());
    report.page::<types::ListVectorStoreFilesResponse>(&store_file());
    report.response::<types::DeleteFileResponse>(&deleted("file"));
    report.response::<types::DeleteVectorStoreResponse>(&deleted("vector_store.deleted"));
    report.response::<types::DeleteVectorStoreFileResponse>(&deleted("vector_store.file.deleted"));
}

/// Every response of the contracts is among the mutated types.
#[test]
fn every_response_is_mutated() {
    let mutated = [
        "assistant",
        "thread",
        "thread.message",
        "thread.run",
        "thread.run.step",
        "list",
        "assistant.deleted",
        "thread.deleted",
        "thread.message.deleted",
        "file",
        "vector_store",
        "vector_store.file",
        "vector_store.file.deleted",
        "vector_store.file_content.page",
        "vector_store.files_batch",
        "vector_store.deleted",
        "vector_store.search_results.page",
    ];
    for contract in &versions()[0].contracts {
        let object = contract.response["object"].as_str().unwrap_or_default();
        assert!(mutated.contains(&object), "{}: {object}", contract.id);
    }
}
