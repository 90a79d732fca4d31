//! Random streams accumulate to the same objects as with a naive accumulator.

mod accumulator;
mod generator;

use serde::Serialize;
use serde_json::{Map, Value, json};

use self::accumulator::Accumulator;
use self::generator::Events;
use crate::support::{Random, ScriptedServer, create_run, event, response};

/// Half of them have final events.
const STREAMS: u64 = 10_000;
/// The streams that a server has at a time.
const BATCH: usize = 500;

/// The messages and the steps of a stream.
fn accumulated(events: &Events) -> (Accumulator, Accumulator) {
    let (mut messages, mut steps) = (Accumulator::default(), Accumulator::default());
    for (name, data) in events {
        match name.as_str() {
            "thread.message.delta" => {
                let starts_at = data["delta"]["content"][0]["index"].as_i64();
                messages.delta(&data["id"], starts_at, &data["delta"]);
            }
            "thread.run.step.delta" => steps.delta(&data["id"], None, &data["delta"]),
            name => match name.rsplit_once('.') {
                Some(("thread.message", status)) => messages.object(status, data),
                Some(("thread.run.step", status)) => steps.object(status, data),
                _ => {}
            },
        }
    }
    (messages, steps)
}

/// Removes what typed objects add or leave out: empty values, and properties that follow from the
/// type or the place of an object.
fn normalized(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(normalized).collect(),
        Value::Object(properties) => {
            let properties = properties.iter();
            let known =
                properties.filter(|(name, _)| !["index", "object"].contains(&name.as_str()));
            let known = known.map(|(name, value)| (name.clone(), normalized(value)));
            let known = known.filter(|(_, value)| {
                let is_empty = value.is_null() || *value == json!("") || *value == json!([]);
                !is_empty && value.as_f64() != Some(0.0)
            });
            let known: Map<_, _> = known.collect();
            if known.is_empty() {
                Value::Null
            } else {
                known.into()
            }
        }
        scalar => scalar.clone(),
    }
}

#[track_caller]
fn check<T: Serialize>(what: &str, found: &[T], expected: &[Value], seed: u64, events: &Events) {
    let (found, expected) = (normalized(&json!(found)), normalized(&json!(expected)));
    assert!(
        found == expected,
        "stream {seed}: {what}\nfound    {found}\nexpected {expected}\n{}",
        {
            let events = events.iter().map(|(name, data)| event(name, data));
            events.collect::<String>()
        }
    );
}

/// Compares half of the streams, with or without the final events of messages and steps.
async fn compare(has_final_events: bool) {
    let mut events_read = 0;
    for first in (0..STREAMS / 2).step_by(BATCH) {
        let seeds = first..first + BATCH as u64;
        let streams = seeds.map(|seed| {
            let seed = 2 * seed + u64::from(has_final_events);
            (
                seed,
                generator::stream(&mut Random::new(seed), has_final_events),
            )
        });
        let streams: Vec<_> = streams.collect();
        let responses = streams.iter().map(|(_, events)| {
            let events = events.iter().map(|(name, data)| event(name, data));
            let headers = "content-type: text/event-stream\r\n";
            response(200, headers, &events.collect::<String>())
        });
        let server = ScriptedServer::start(responses).await;
        let client = server.client();
        for (seed, events) in &streams {
            let (messages, steps) = accumulated(events);
            let stream = create_run(&client).stream().await.expect("it opens");
            let mut run = stream.accumulate();
            while run.try_next().await.expect("it is valid").is_some() {
                events_read += 1;
            }
            let snapshots = messages.snapshots();
            check("messages", run.messages(), &snapshots, *seed, events);
            check("steps", run.steps(), &steps.snapshots(), *seed, events);
            let outcome = run.finish().await.expect("the run is complete");
            assert!(outcome.decode_errors.is_empty());
            let expected = messages.outcome();
            if expected.len() < snapshots.len() || outcome.messages.len() < snapshots.len() {
                check("outcome", &outcome.messages, &expected, *seed, events);
            }
        }
    }
    println!("{} streams with {events_read} events", STREAMS / 2);
}

#[tokio::test]
async fn deltas_accumulate_like_the_rules_of_the_protocol() {
    compare(false).await;
}

#[tokio::test]
async fn deltas_and_final_events_accumulate_like_the_rules_of_the_protocol() {
    compare(true).await;
}
