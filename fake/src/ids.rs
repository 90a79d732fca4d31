//! Object IDs with the prefixes of the API, random or sequential.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::random::Random;

const LENGTH: usize = 24;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Generates IDs.
pub(crate) struct Ids(Mutex<Source>);

enum Source {
    Random(Random),
    /// The last number of each prefix.
    Sequential(HashMap<&'static str, u64>),
}

impl Ids {
    /// `msg_` and 24 letters and digits, as those of the hosted service.
    pub(crate) fn random() -> Self {
        Self(Mutex::new(Source::Random(Random::from_os())))
    }

    /// `msg_0001`, `msg_0002`, and `file-0001`.
    pub(crate) fn sequential() -> Self {
        Self(Mutex::new(Source::Sequential(HashMap::new())))
    }

    pub(crate) fn next(&self, prefix: &'static str) -> String {
        let separator = if prefix == "file" { '-' } else { '_' };
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Source::Random(random) => {
                let characters = (0..LENGTH).map(|_| {
                    let index = random.below(ALPHABET.len() as u64);
                    char::from(ALPHABET[usize::try_from(index).unwrap_or_default()])
                });
                format!("{prefix}{separator}{}", characters.collect::<String>())
            }
            Source::Sequential(numbers) => {
                let number = numbers.entry(prefix).or_default();
                *number += 1;
                format!("{prefix}{separator}{number:04}")
            }
        }
    }
}
