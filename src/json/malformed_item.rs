//! An item of a page that cannot be deserialized.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// An item of a page that cannot be deserialized, such as one without an ID.
///
/// # Examples
///
/// ```
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// let page = client.list_assistants().send().await?;
/// for item in &page.malformed {
///     println!("item {} is malformed: {}", item.index, item.reason);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MalformedItem {
    /// Index in the page as received.
    pub index: usize,
    /// The item as received.
    pub value: Value,
    /// Why it cannot be deserialized.
    pub reason: String,
}

/// The items of a page and the malformed ones, each at its index.
pub(crate) struct Merged<'a, T> {
    pub(crate) items: &'a [T],
    pub(crate) malformed: &'a [MalformedItem],
}

impl<T: Serialize> Serialize for Merged<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Item<'a, T> {
            WellFormed(&'a T),
            Malformed(&'a Value),
        }

        let mut malformed = self.malformed.iter().peekable();
        let mut items = self.items.iter().map(Item::WellFormed);
        serializer.collect_seq(
            (0..self.items.len() + self.malformed.len()).filter_map(|at| {
                match malformed.next_if(|item| item.index <= at) {
                    Some(item) => Some(Item::Malformed(&item.value)),
                    None => items.next(),
                }
            }),
        )
    }
}
