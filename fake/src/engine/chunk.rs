//! Splits text into overlapping chunks.

use serde_json::{Value, json};

/// The size of chunks and their overlap, in words in place of tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chunking {
    size: usize,
    overlap: usize,
}

impl Chunking {
    /// The chunking of the strategy `auto`.
    const AUTO: Self = Self {
        size: 800,
        overlap: 400,
    };

    /// Parses the strategy of a request or a stored file.
    pub(crate) fn from_strategy(strategy: &Value) -> Self {
        let chunking = &strategy["static"];
        let number = |name: &str| usize::try_from(chunking[name].as_u64()?).ok();
        let size = number("max_chunk_size_tokens");
        match (size, number("chunk_overlap_tokens")) {
            (Some(size), Some(overlap)) => Self { size, overlap },
            _ => Self::AUTO,
        }
    }

    /// Whether chunks overlap by at most their half, as the service requires.
    pub(crate) fn is_valid(self) -> bool {
        self.overlap <= self.size / 2
    }

    /// The strategy as the service returns it.
    pub(crate) fn strategy(self) -> Value {
        json!({
            "type": "static",
            "static": {
                "max_chunk_size_tokens": self.size,
                "chunk_overlap_tokens": self.overlap,
            },
        })
    }

    /// Splits a text. Each chunk begins after the one before it, also if the overlap is invalid.
    pub(crate) fn split(self, text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        let mut from = 0;
        for word in text.split_whitespace() {
            let start = from + text[from..].find(word).unwrap_or_default();
            from = start + word.len();
            words.push((start, from));
        }
        let size = self.size.max(1);
        let step = size.saturating_sub(self.overlap).max(1);
        // The last chunk that begins before this word ends with the text.
        let end = words.len().saturating_sub(size) + step;
        let firsts = (0..words.len().min(end)).step_by(step);
        let chunks = firsts.map(|first| {
            let last = (first + size).min(words.len()) - 1;
            &text[words[first].0..words[last].1]
        });
        chunks.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_overlap_and_cover_the_text() {
        let chunking = Chunking {
            size: 4,
            overlap: 2,
        };
        assert_eq!(
            chunking.split("a b\nc  d e f g"),
            ["a b\nc  d", "c  d e f", "e f g"]
        );
        assert_eq!(chunking.split(" a b c d "), ["a b c d"]);
        assert_eq!(chunking.split(" \n"), [""; 0]);
    }

    #[test]
    fn an_invalid_overlap_ends() {
        for overlap in [2, 3, usize::MAX] {
            let chunking = Chunking { size: 2, overlap };
            assert_eq!(chunking.split("a b c d"), ["a b", "b c", "c d"]);
        }
        let empty = Chunking {
            size: 0,
            overlap: 0,
        };
        assert_eq!(empty.split("a b"), ["a", "b"]);
    }

    #[test]
    fn the_default_is_static() {
        let auto = Chunking::from_strategy(&json!({ "type": "auto" }));
        assert_eq!(auto, Chunking::from_strategy(&Value::Null));
        assert_eq!(auto, Chunking::from_strategy(&auto.strategy()));
        assert_eq!(auto.strategy()["static"]["max_chunk_size_tokens"], 800);
    }
}
