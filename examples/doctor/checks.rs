//! Checks of the behavior: metadata, the order and the pages of lists, and the replies of runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::checkup::Checkup;
use crate::document::{self, CALLS, Call, find, getter, noun};
use crate::objects::{Ids, Object, id};

/// The kinds of objects that keep metadata.
const KINDS: [&str; 4] = ["assistant_id", "thread_id", "message_id", "run_id"];

/// Runs all checks. They create two messages.
pub async fn run(checkup: &mut Checkup) {
    for kind in KINDS {
        metadata(checkup, kind).await;
    }
    let Some(thread) = checkup.objects.of("thread_id").next().cloned() else {
        return;
    };
    add_messages(checkup, &thread).await;
    let ids = checkup
        .objects
        .of("run_id")
        .find(|run| belongs(run, &thread.ids));
    let ids = ids.map_or(thread.ids.clone(), |run| run.ids.clone());
    let is_list = |call: &&Call| call.pages && call.path.contains("{thread_id}");
    for call in CALLS.iter().filter(is_list) {
        let has_ids = call
            .parameters()
            .all(|name| ids.iter().any(|(known, _)| *known == name));
        if has_ids && checkup.report.has_passed(call.id) {
            list(checkup, call, &ids).await;
        }
    }
    reply(checkup, &ids).await;
}

/// Whether an object belongs to one with these IDs.
fn belongs(object: &Object, ids: &Ids) -> bool {
    ids.iter().all(|id| object.ids.contains(id))
}

/// Checks that the metadata that was sent last is returned.
async fn metadata(checkup: &mut Checkup, kind: &'static str) {
    let Some(object) = checkup
        .objects
        .of(kind)
        .rfind(|object| object.metadata.is_some())
        .cloned()
    else {
        return;
    };
    let fetched = match getter(kind).filter(|get| checkup.report.has_passed(get.id)) {
        Some(get) => checkup.send(get, &object.ids, Value::Null).await.ok(),
        None => None,
    };
    let value = fetched.map_or(object.value, |answer| answer.value);
    let sent = object.metadata.unwrap_or_default();
    let mut sent = sent.as_object().into_iter().flatten();
    let returned = &value["metadata"];
    let result = match sent.find(|(key, value)| returned[key.as_str()] != **value) {
        Some((key, value)) => Err(format!(
            "`{key}` is {} and not {value}",
            returned[key.as_str()]
        )),
        None => Ok(()),
    };
    let noun = noun(kind);
    let (name, gap) = (
        format!("metadata of {noun} are returned"),
        format!("metadata of {noun} are lost"),
    );
    checkup.report.check(&name, result, &gap);
}

/// Adds two messages to a thread, so that its list has several pages.
async fn add_messages(checkup: &mut Checkup, thread: &Object) {
    let create = find("createMessage").filter(|call| checkup.report.has_passed(call.id));
    let Some(create) = create else {
        return;
    };
    for content in ["One more.", "And another."] {
        let body = json!({ "role": "user", "content": content });
        if let Ok(answer) = checkup.send(create, &thread.ids, body).await {
            checkup.record_created("message_id", thread.ids.clone(), answer.value, None);
        }
    }
}

/// Checks a list of a thread: each item once, in both orders, and of this thread only.
async fn list(checkup: &mut Checkup, call: &Call, ids: &Ids) {
    let noun = call.noun();
    let mut orders = Vec::new();
    for order in ["asc", "desc"] {
        let list = document::list(&checkup.client, call.id, |name| id(ids, name), order);
        orders.push(list.await.map_err(|error| error.to_string()));
    }
    let created = call
        .names
        .into_iter()
        .flat_map(|kind| checkup.objects.of(kind));
    let created = created.filter(|object| belongs(object, &ids[..1].to_vec()));
    let created: Vec<String> = created.map(|object| id(&object.ids, object.kind)).collect();
    let thread = id(ids, "thread_id");
    let name = format!("pages have all {noun} once, in both orders");
    let gap = format!("lists of {noun} cannot be relied on");
    let [Ok(ascending), Ok(descending)] = &orders[..] else {
        let error = orders.into_iter().find_map(Result::err);
        return checkup
            .report
            .check(&name, Err(error.unwrap_or_default()), &gap);
    };
    checkup
        .report
        .check(&name, pages(ascending, descending, &created), &gap);
    let foreign = ascending.iter().map(|item| &item["thread_id"]);
    let foreign = foreign
        .filter_map(Value::as_str)
        .find(|other| *other != thread);
    let foreign = foreign.map_or(Ok(()), |other| {
        Err(format!("one is of the thread {other:?}"))
    });
    let name = format!("listed {noun} belong to the thread");
    checkup.report.check(
        &name,
        foreign,
        &format!("lists have {noun} of other threads"),
    );
}

/// Compares the lists of both orders with each other and with what was created.
fn pages(ascending: &[Value], descending: &[Value], created: &[String]) -> Result<(), String> {
    let ids = |items: &[Value]| -> Vec<String> {
        let ids = items
            .iter()
            .map(|item| item["id"].as_str().unwrap_or_default());
        ids.map(str::to_owned).collect()
    };
    let (ascending, mut descending) = (ids(ascending), ids(descending));
    for (order, ids) in [("ascending", &ascending), ("descending", &descending)] {
        let mut seen = BTreeSet::new();
        if let Some(id) = ids.iter().find(|id| !seen.insert(*id)) {
            return Err(format!("in {order} order {id} comes twice"));
        }
        if let Some(id) = created.iter().find(|id| !ids.contains(id)) {
            return Err(format!("in {order} order {id} is missing"));
        }
    }
    descending.reverse();
    match ascending == descending {
        true => Ok(()),
        false => Err("the two orders are not the reverse of each other".to_owned()),
    }
}

/// Checks that a completed run has a reply that names it.
async fn reply(checkup: &mut Checkup, ids: &Ids) {
    let run = checkup.objects.of("run_id").find(|run| run.ids == *ids);
    let (Some(run), Some(list)) = (run, find("listMessages")) else {
        return;
    };
    if run.value["status"] != "completed" || !checkup.report.has_passed(list.id) {
        return;
    }
    let run = id(ids, "run_id");
    let Ok(answer) = checkup.send(list, ids, Value::Null).await else {
        return;
    };
    let mut messages = answer.value["data"].as_array().into_iter().flatten();
    let result = match messages.any(|message| message["run_id"] == *run) {
        true => Ok(()),
        false => Err("no message has its `run_id`".to_owned()),
    };
    let gap = "replies do not name their run: `outcome()` needs the steps to find them";
    checkup.report.check("replies name their run", result, gap);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(ids: &[&str]) -> Vec<Value> {
        ids.iter().map(|id| json!({ "id": id })).collect()
    }

    #[test]
    fn pages_have_each_item_once_in_both_orders() {
        let check = |ascending: &[&str], descending: &[&str]| {
            pages(&items(ascending), &items(descending), &["b".to_owned()])
        };
        assert_eq!(check(&["a", "b"], &["b", "a"]), Ok(()));
        let error = |text: &str| Err(text.to_owned());
        assert_eq!(
            check(&["a", "b", "a"], &["b", "a"]),
            error("in ascending order a comes twice")
        );
        assert_eq!(
            check(&["a", "b"], &["a"]),
            error("in descending order b is missing")
        );
        assert_eq!(
            check(&["a", "b"], &["a", "b"]),
            error("the two orders are not the reverse of each other")
        );
    }
}
