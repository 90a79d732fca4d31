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
pub struct Extra(Option<Box<Properties>>);

#[derive(Clone, Default)]
struct Properties {
    values: BTreeMap<String, Value>,
    /// The names of secret properties. `Debug` does not show their values.
    secrets: &'static [&'static str],
}

impl Extra {
    /// Sets which properties are secret: they are here only if they are malformed.
    #[allow(dead_code, reason = "a document may have no secrets")]
    pub(crate) fn hiding(mut self, secrets: &'static [&'static str]) -> Self {
        if let Some(properties) = &mut self.0 {
            properties.secrets = secrets;
        }
        self
    }
}

impl Deref for Extra {
    type Target = BTreeMap<String, Value>;

    fn deref(&self) -> &Self::Target {
        static NONE: BTreeMap<String, Value> = BTreeMap::new();
        self.0
            .as_deref()
            .map_or(&NONE, |properties| &properties.values)
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0.get_or_insert_default().values
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.0.as_deref();
        let secrets = secrets.map_or([].as_slice(), |properties| properties.secrets);
        let mut map = f.debug_map();
        for (name, value) in self {
            match secrets.contains(&name.as_str()) {
                true => map.entry(name, &format_args!("***")),
                false => map.entry(name, value),
            };
        }
        map.finish()
    }
}

impl FromIterator<(String, Value)> for Extra {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(properties: I) -> Self {
        BTreeMap::from_iter(properties).into()
    }
}

impl From<BTreeMap<String, Value>> for Extra {
    fn from(properties: BTreeMap<String, Value>) -> Self {
        let properties = (!properties.is_empty()).then_some(properties);
        Self(properties.map(|values| {
            Box::new(Properties {
                values,
                secrets: &[],
            })
        }))
    }
}

impl IntoIterator for Extra {
    type Item = (String, Value);
    type IntoIter = btree_map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0
            .map(|properties| properties.values)
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
