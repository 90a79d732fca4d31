//! A generator of streams: deltas in any order, with gaps, and with properties missing or null.

use serde_json::{Map, Value, json};

use crate::support::Random;

/// A stream of events: names and data.
pub type Events = Vec<(String, Value)>;

/// Generates a stream, with or without the final events of messages and steps.
pub fn stream(random: &mut Random, has_final_events: bool) -> Events {
    let mut events = Events::new();
    for _ in 0..2 + random.below(9) {
        let event = match random.below(100) {
            0..45 => message_delta(random),
            45..80 => step_delta(random),
            80..88 => message(random, &["created", "in_progress"]),
            88..94 => step(random, &["created", "in_progress"]),
            94..97 if has_final_events => message(random, &["completed", "incomplete"]),
            97..100 if has_final_events => step(random, &["completed", "failed", "cancelled"]),
            _ => ("thread.run.in_progress".to_owned(), run("in_progress")),
        };
        events.push(event);
        if random.chance(5) {
            let repeated = events[random.below(events.len())].clone();
            events.push(repeated);
        }
    }
    events.push(("thread.run.completed".to_owned(), run("completed")));
    events
}

fn run(status: &str) -> Value {
    crate::support::run(status)
}

/// An object under construction, whose properties may be missing or null.
struct Sparse<'a> {
    random: &'a mut Random,
    properties: Map<String, Value>,
}

impl<'a> Sparse<'a> {
    fn new(random: &'a mut Random) -> Self {
        Self {
            random,
            properties: Map::new(),
        }
    }

    fn always(mut self, name: &str, value: Value) -> Self {
        self.properties.insert(name.to_owned(), value);
        self
    }

    /// A property that is there with this probability, and else missing or null.
    fn often(mut self, percent: usize, name: &str, of: impl FnOnce(&mut Random) -> Value) -> Self {
        if self.random.chance(percent) {
            let value = of(self.random);
            self.properties.insert(name.to_owned(), value);
        } else if self.random.chance(30) {
            self.properties.insert(name.to_owned(), Value::Null);
        }
        self
    }

    /// A piece of text.
    fn text(self, percent: usize, name: &str) -> Self {
        self.often(percent, name, piece)
    }

    fn number(self, percent: usize, name: &str) -> Self {
        self.often(percent, name, |random| random.below(9).into())
    }

    fn is_typed(&self) -> bool {
        self.properties.get("type").is_some_and(Value::is_string)
    }

    fn done(self) -> Value {
        self.properties.into()
    }
}

fn piece(random: &mut Random) -> Value {
    random
        .pick(&["", "a", "b ", "\n", "\"é", "{\"c\":", "1}"])
        .into()
}

fn id(random: &mut Random, kind: &str) -> Value {
    format!("{kind}_{}", random.below(3)).into()
}

/// One or two items of a list, rarely null.
fn list(random: &mut Random, of: fn(&mut Random) -> Value) -> Value {
    let items = (0..1 + random.below(2)).map(|_| match random.chance(4) {
        true => Value::Null,
        false => of(random),
    });
    items.collect()
}

/// A member of a union, whose type usually follows from its index.
fn member<'a>(random: &'a mut Random, types: &[&'static str]) -> (Sparse<'a>, &'static str) {
    let index = random.below(4);
    let kind = match random.chance(95) {
        true => types[index % types.len()],
        false => random.pick(types),
    };
    let item = Sparse::new(random)
        .often(85, "index", |_| index.into())
        .often(75, "type", |_| kind.into());
    (item, kind)
}

fn message_delta(random: &mut Random) -> (String, Value) {
    let id = id(random, "msg");
    let delta = Sparse::new(random)
        .often(10, "role", |_| "assistant".into())
        .often(95, "content", |random| list(random, part))
        .done();
    let data = json!({ "id": id, "object": "thread.message.delta", "delta": delta });
    ("thread.message.delta".to_owned(), data)
}

fn part(random: &mut Random) -> Value {
    let (part, kind) = member(
        random,
        &["text", "text", "image_file", "refusal", "image_url"],
    );
    let is_typed = part.is_typed();
    let part = match kind {
        "text" => part.often(90, "text", |random| {
            let text = Sparse::new(random).text(80, "value");
            text.often(40, "annotations", |random| list(random, annotation))
                .done()
        }),
        "refusal" => part.text(90, "refusal"),
        _ => part.often(90, kind, |random| {
            let name = if kind == "image_file" {
                "file_id"
            } else {
                "url"
            };
            let image = Sparse::new(random).often(90, name, |random| self::id(random, "file"));
            image
                .often(if is_typed { 50 } else { 0 }, "detail", |_| "auto".into())
                .done()
        }),
    };
    part.often(15, "vendor", vendor).done()
}

/// A property that is not in the document.
fn vendor(random: &mut Random) -> Value {
    let vendor = Sparse::new(random).text(60, "text").number(60, "number");
    vendor
        .often(40, "list", |random| {
            list(random, |random| {
                let item = Sparse::new(random).text(80, "text");
                item.often(70, "index", |random| random.below(3).into())
                    .done()
            })
        })
        .done()
}

fn annotation(random: &mut Random) -> Value {
    let (annotation, kind) = member(random, &["file_citation", "file_path"]);
    annotation
        .text(60, "text")
        .number(60, "start_index")
        .number(60, "end_index")
        .often(70, kind, |random| {
            Sparse::new(random)
                .often(90, "file_id", |random| id(random, "file"))
                .done()
        })
        .done()
}

fn step_delta(random: &mut Random) -> (String, Value) {
    let id = id(random, "step");
    let creates_message = id == "step_2";
    let kind = if creates_message {
        "message_creation"
    } else {
        "tool_calls"
    };
    let details = |random: &mut Random| {
        let details = Sparse::new(random).often(80, "type", |_| kind.into());
        let details = match creates_message {
            true => details.often(90, kind, |random| {
                Sparse::new(random)
                    .often(90, "message_id", |random| self::id(random, "msg"))
                    .done()
            }),
            false => details.often(95, kind, |random| list(random, tool_call)),
        };
        details.done()
    };
    let delta = Sparse::new(random)
        .often(95, "step_details", details)
        .done();
    let data = json!({ "id": id, "object": "thread.run.step.delta", "delta": delta });
    ("thread.run.step.delta".to_owned(), data)
}

fn tool_call(random: &mut Random) -> Value {
    let kinds = ["function", "code_interpreter", "file_search", "mcp"];
    let known = if cfg!(feature = "foundry") { 4 } else { 3 };
    let (call, kind) = member(random, &kinds[..known]);
    // A server that leaves out the index does so in all deltas of a call.
    let kind_of_id = match call.properties.get("index") {
        Some(Value::Number(_)) => "call",
        _ => "fc",
    };
    let call = call.often(60, "id", |random| id(random, kind_of_id));
    if kind == "mcp" {
        let call = call.text(30, "name").text(80, "arguments");
        return call.text(20, "output").done();
    }
    let call = call.often(90, kind, |random| match kind {
        "function" => Sparse::new(random)
            .often(50, "name", |random| {
                random.pick(&["get_", "weather", "get_weather"]).into()
            })
            .text(80, "arguments")
            .text(20, "output")
            .done(),
        "code_interpreter" => Sparse::new(random)
            .text(70, "input")
            .often(50, "outputs", |random| list(random, code_output))
            .done(),
        _ => Sparse::new(random)
            .often(
                50,
                "ranking_options",
                |random| json!({ "score_threshold": random.pick(&[0.5, 1.5]) }),
            )
            .often(50, "results", list_of_results)
            .done(),
    });
    call.done()
}

fn list_of_results(random: &mut Random) -> Value {
    let file_id = id(random, "file");
    json!([{ "file_id": file_id, "file_name": "a.txt", "score": 0.5 }])
}

fn code_output(random: &mut Random) -> Value {
    let (output, kind) = member(random, &["logs", "image"]);
    let output = match kind {
        "logs" => output.text(90, "logs"),
        _ => output.often(90, "image", |random| {
            Sparse::new(random)
                .often(90, "file_id", |random| id(random, "file"))
                .done()
        }),
    };
    output.done()
}

/// An event with a message, whose content may have started already.
fn message(random: &mut Random, statuses: &[&str]) -> (String, Value) {
    let status = random.pick(statuses);
    let has_content = status != "created" || random.chance(20);
    let content: Vec<Value> = (0..if has_content { random.below(3) } else { 0 })
        .map(|_| match random.chance(70) {
            true => {
                json!({ "type": "text", "text": { "value": piece(random), "annotations": [] } })
            }
            false => {
                json!({ "type": "image_file", "image_file": { "file_id": id(random, "file") } })
            }
        })
        .collect();
    let message = Sparse::new(random)
        .often(90, "run_id", |_| "run_1".into())
        .often(80, "metadata", |random| json!({ "key": piece(random) }))
        .always("thread_id", "thread_1".into())
        .always("role", "assistant".into())
        .always("content", content.into())
        .always("status", status.replace("created", "in_progress").into())
        .number(80, "created_at")
        .done();
    named("thread.message", "msg", random, status, message)
}

fn step(random: &mut Random, statuses: &[&str]) -> (String, Value) {
    let status = random.pick(statuses);
    let calls: Vec<Value> = (0..random.below(3))
        .map(|number| {
            json!({ "id": format!("call_{number}"), "type": "function", "function": {
                "name": "get_weather", "arguments": piece(random), "output": null,
            } })
        })
        .collect();
    let step = Sparse::new(random)
        .always("run_id", "run_1".into())
        .always("thread_id", "thread_1".into())
        .always("assistant_id", "asst_1".into())
        .always("type", "tool_calls".into())
        .always("status", status.replace("created", "in_progress").into())
        .always(
            "step_details",
            json!({ "type": "tool_calls", "tool_calls": calls }),
        )
        .number(80, "created_at")
        .done();
    named("thread.run.step", "step", random, status, step)
}

/// The event of an object, which gets one of the IDs.
fn named(
    event: &str,
    kind: &str,
    random: &mut Random,
    status: &str,
    mut object: Value,
) -> (String, Value) {
    object["id"] = id(random, kind);
    (format!("{event}.{status}"), object)
}
