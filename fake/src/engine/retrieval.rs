//! File search of runs: finds the passages of a turn, and cites them in its replies.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::clock::unix_seconds;
use crate::engine::files;
use crate::engine::search::Search;
use crate::engine::state::lock;
use crate::model::conversation::{Conversation, Passages};
use crate::model::passage::Passage;
use crate::model::turn::{Found, Reply, Step, Turn};
use crate::store::memory::Store;

/// How long a run waits until files are indexed, as in the hosted service.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How many passages a reply quotes.
const MAX_QUOTES: usize = 3;

/// The file search of a run.
pub(crate) struct Retrieval {
    store_ids: Vec<String>,
    limit: usize,
    threshold: f64,
    /// Time until the files of the stores are indexed.
    wait: Duration,
    at: SystemTime,
}

impl Retrieval {
    /// The file search of a run in the vector stores of its assistant and its thread. `None` if the
    /// run does not have the tool.
    pub(crate) fn new(
        store: &mut Store,
        thread_id: &str,
        run_id: &str,
        now: SystemTime,
    ) -> Option<Self> {
        files::remove_expired(store, now);
        let thread = store.threads.get(thread_id)?;
        let run = thread.runs.get(run_id)?;
        let mut tools = run.tools.as_array()?.iter();
        let tool = tools.find(|tool| tool["type"] == "file_search")?;
        let settings = &tool["file_search"];
        let limit = settings["max_num_results"].as_u64().unwrap_or(20);
        let threshold = settings["ranking_options"]["score_threshold"].as_f64();
        let assistant = store.assistants.get(&run.assistant_id);
        let assistant = assistant.map(|assistant| &assistant["tool_resources"]);
        let resources = assistant.into_iter().chain([&thread.tool_resources]);
        let ids = resources
            .filter_map(|resources| resources["file_search"]["vector_store_ids"].as_array())
            .flatten();
        let mut store_ids: Vec<String> = Vec::new();
        for id in ids.filter_map(Value::as_str) {
            if !store_ids.iter().any(|known| known == id) {
                store_ids.push(id.to_owned());
            }
        }
        let mut wait = Duration::ZERO;
        for id in &store_ids {
            if let Some(store) = store.vector_stores.get_mut(id) {
                store.advance(now);
                store.last_active_at = unix_seconds(now);
                let files = store.files.iter().filter(|file| file.is_in_progress());
                let waits = files.filter_map(|file| file.due.duration_since(now).ok());
                wait = waits.fold(wait, Duration::max).min(MAX_WAIT);
            }
        }
        Some(Self {
            store_ids,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            threshold: threshold.unwrap_or_default(),
            wait,
            at: now.checked_add(wait).unwrap_or(now),
        })
    }

    /// The passages that match a query.
    fn passages(&self, store: &Store, query: &str) -> Vec<Passage> {
        let search = Search {
            query,
            filter: &Value::Null,
            threshold: self.threshold,
            limit: self.limit,
            at: self.at,
        };
        search.passages(store, &self.store_ids)
    }

    /// The passages that match a query, which are found when they are first needed.
    pub(crate) fn on_demand(self: Arc<Self>, store: Arc<Mutex<Store>>, query: String) -> Passages {
        let find = move || self.passages(&lock(&store), &query);
        Arc::new(LazyLock::new(Box::new(find)))
    }

    /// Executes the searches of a turn, after the files are indexed.
    pub(crate) fn execute(
        &self,
        store: &Mutex<Store>,
        turn: &mut Turn,
        conversation: &Conversation,
    ) {
        let find = |query: &str| self.passages(&lock(store), query);
        if resolve(turn, conversation, find) {
            turn.steps.insert(0, Step::Wait(self.wait));
        }
    }
}

/// Replaces the searches of a turn by their results, and cites these in its replies. Returns
/// whether there is a search.
pub(crate) fn resolve(
    turn: &mut Turn,
    conversation: &Conversation,
    find: impl Fn(&str) -> Vec<Passage>,
) -> bool {
    let mut found: Option<Vec<Passage>> = None;
    for step in &mut turn.steps {
        match step {
            Step::FileSearch(query) => {
                let passages = match query {
                    Some(query) => find(query),
                    None => conversation.passages().to_vec(),
                };
                *step = Step::Search(passages.clone());
                found = Some(passages);
            }
            Step::Say(reply) => {
                // The service numbers the first message of a thread as 4.
                let message = 3 + conversation.messages.len();
                add_citations(reply, found.as_deref().unwrap_or_default(), message);
            }
            _ => {}
        }
    }
    found.is_some()
}

/// Adds the citations of passages to a reply, as it requires.
fn add_citations(reply: &mut Reply, found: &[Passage], message: usize) {
    let mut cited: Vec<(usize, &Passage)> = match reply.found {
        Found::Ignored => Vec::new(),
        Found::Cited | Found::Quoted => found.iter().enumerate().collect(),
    };
    if reply.found == Found::Quoted {
        // Chunks overlap: two can have the same line.
        let mut lines = HashSet::new();
        cited.retain(|(_, passage)| lines.insert((&passage.file_id, &passage.line)));
        cited.truncate(MAX_QUOTES);
    }
    for (index, passage) in cited {
        let mark = format!("【{message}:{index}†{}】", passage.file_name);
        if reply.found == Found::Quoted {
            let separator = if reply.pieces.is_empty() { "" } else { "\n" };
            let quote = Reply::text(format!("{separator}{}", passage.line));
            reply.pieces.extend(quote.pieces);
        }
        reply.pieces.push(mark.clone());
        reply.annotate("file_citation", mark, passage.file_id.clone());
    }
}
