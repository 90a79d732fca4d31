//! The properties of an object that have no field.

use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The unknown and malformed properties of an object, verbatim.
///
/// It is a map from the name of a property to its JSON, and is as small as a pointer: most objects
/// have no such properties. They are serialized in place of fields of the same name, also if such
/// a field was changed later.
///
/// # Examples
///
/// ```
/// # use openai_assistants::types::ThreadObject;
/// # let json = r#"{"id":"thread_1","created_at":0,"metadata":{},"priority":2}"#;
/// let thread: ThreadObject = serde_json::from_str(json)?;
/// assert_eq!(thread.extra["priority"], 2);
/// for (name, value) in &thread.extra {
///     println!("{name}: {value}");
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
#[allow(
    clippy::box_collection,
    reason = "an object without them has one word, not three"
)]
pub struct Extra(Option<Box<BTreeMap<String, Value>>>);

impl Deref for Extra {
    type Target = BTreeMap<String, Value>;

    fn deref(&self) -> &Self::Target {
        static NONE: BTreeMap<String, Value> = BTreeMap::new();
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl FromIterator<(String, Value)> for Extra {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(properties: I) -> Self {
        BTreeMap::from_iter(properties).into()
    }
}

impl From<BTreeMap<String, Value>> for Extra {
    fn from(properties: BTreeMap<String, Value>) -> Self {
        Self((!properties.is_empty()).then(|| Box::new(properties)))
    }
}

impl IntoIterator for Extra {
    type Item = (String, Value);
    type IntoIter = btree_map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0
            .map(|properties| *properties)
            .unwrap_or_default()
            .into_iter()
    }
}

impl<'a> IntoIterator for &'a Extra {
    type Item = (&'a String, &'a Value);
    type IntoIter = btree_map::Iter<'a, String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
