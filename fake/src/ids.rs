//! Ids with the prefixes that the API gives them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::random::Random;

const LENGTH: usize = 24;
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Where ids come from.
pub(crate) struct Ids(Mutex<Source>);

enum Source {
    Random(Random),
    /// How many there are of each prefix.
    Counted(HashMap<&'static str, u64>),
}

impl Ids {
    /// `msg_` and 24 letters and digits, as those of the hosted service.
    pub(crate) fn random() -> Self {
        Self(Mutex::new(Source::Random(Random::unpredictable())))
    }

    /// `msg_0001`, `msg_0002`.
    pub(crate) fn counted() -> Self {
        Self(Mutex::new(Source::Counted(HashMap::new())))
    }

    pub(crate) fn next(&self, prefix: &'static str) -> String {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Source::Random(random) => {
                let letters = (0..LENGTH).map(|_| {
                    let letter = random.below(LETTERS.len() as u64);
                    char::from(LETTERS[usize::try_from(letter).unwrap_or_default()])
                });
                format!("{prefix}_{}", letters.collect::<String>())
            }
            Source::Counted(counts) => {
                let count = counts.entry(prefix).or_default();
                *count += 1;
                format!("{prefix}_{count:04}")
            }
        }
    }
}
