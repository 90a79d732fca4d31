//! Searches the files of vector stores by the words of a query.

use std::collections::HashSet;
use std::time::SystemTime;

use serde_json::Value;

use crate::engine::chunk::Chunking;
use crate::engine::{extract, filter};
use crate::model::passage::Passage;
use crate::store::file::File;
use crate::store::memory::Store;
use crate::store::store_file::StoreFile;

/// Words that occur in most questions and texts.
const COMMON: [&str; 42] = [
    "a", "about", "an", "and", "are", "as", "at", "be", "by", "can", "did", "do", "does", "for",
    "from", "has", "have", "how", "i", "in", "is", "it", "me", "my", "of", "on", "or", "s", "tell",
    "that", "the", "this", "to", "was", "we", "what", "when", "where", "which", "who", "with",
    "you",
];

/// A search, and the limits of its results.
pub(crate) struct Search<'a> {
    pub(crate) query: &'a str,
    /// A filter on attributes, or null.
    pub(crate) filter: &'a Value,
    pub(crate) threshold: f64,
    pub(crate) limit: usize,
    /// Files that are indexed by then are searched.
    pub(crate) at: SystemTime,
}

impl Search<'_> {
    /// The best passages of some vector stores. Stores that do not exist or have expired contribute nothing.
    pub(crate) fn passages(&self, store: &Store, store_ids: &[String]) -> Vec<Passage> {
        let query = terms(self.query);
        let stores = store_ids
            .iter()
            .filter_map(|id| store.vector_stores.get(id));
        let files = stores
            .filter(|store| !store.is_expired)
            .flat_map(|store| store.files.iter());
        let files = files.filter(|file| {
            file.is_indexed(self.at) && filter::matches(self.filter, &file.attributes)
        });
        let mut passages: Vec<Passage> = files
            .filter_map(|file| Some((file, store.files.get(&file.id)?)))
            .flat_map(|(indexed, file)| passages(indexed, file, &query))
            .filter(|passage| passage.score > 0.0 && passage.score >= self.threshold)
            .collect();
        // The sort is stable: passages of the same score remain in order of the files.
        passages.sort_by(|a, b| b.score.total_cmp(&a.score));
        passages.truncate(self.limit);
        passages
    }
}

/// All chunks of a file with their scores.
fn passages(indexed: &StoreFile, file: &File, query: &HashSet<String>) -> Vec<Passage> {
    let Some(text) = text(file) else {
        return Vec::new();
    };
    let chunks = Chunking::from_strategy(&indexed.chunking_strategy).split(&text);
    let passages = chunks.into_iter().map(|chunk| Passage {
        file_id: file.id.clone(),
        file_name: file.filename.clone(),
        attributes: indexed.attributes.clone(),
        score: score(query, chunk),
        line: best_line(query, chunk),
        text: chunk.to_owned(),
    });
    passages.collect()
}

/// The text of a file that was indexed.
pub(crate) fn text(file: &File) -> Option<String> {
    extract::text(&file.filename, &file.content.read().ok()?).ok()
}

/// The first of the lines with the highest score.
fn best_line(query: &HashSet<String>, text: &str) -> String {
    let lines = text.lines().map(str::trim).rev();
    let line = lines.max_by(|a, b| score(query, a).total_cmp(&score(query, b)));
    line.unwrap_or_default().to_owned()
}

/// The share of the terms of a query that a text has.
#[allow(clippy::cast_precision_loss)]
fn score(query: &HashSet<String>, text: &str) -> f64 {
    if query.is_empty() {
        return 0.0;
    }
    let found = query.intersection(&words(text)).count();
    found as f64 / query.len() as f64
}

/// The words of a query without common ones, unless it has no others.
fn terms(query: &str) -> HashSet<String> {
    let words = words(query);
    let is_common = |word: &String| COMMON.contains(&word.as_str());
    if words.iter().all(is_common) {
        return words;
    }
    words.into_iter().filter(|word| !is_common(word)).collect()
}

/// The distinct words of a text in lower case.
fn words(text: &str) -> HashSet<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_the_share_of_the_terms() {
        let query = terms("What is the price of a TICKET?");
        assert_eq!(score(&query, "The ticket's price is 20."), 1.0);
        assert_eq!(score(&query, "Tickets: the ticket is red."), 0.5);
        assert_eq!(score(&query, "What is the weather?"), 0.0);
        assert_eq!(score(&terms("who is it"), "It is."), 2.0 / 3.0);
        assert_eq!(score(&terms(""), "It is."), 0.0);
    }
}
