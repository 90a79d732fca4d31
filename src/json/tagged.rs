//! Deserializes an internally tagged union in one pass.
//!
//! serde's derive buffers the whole object before it selects a variant. Here only the
//! properties in front of the tag are buffered. On the wire the tag comes first, or directly
//! after a small `index`.

use serde::Deserializer;
use serde::de::MapAccess;
use serde_json::Value;

use crate::json::properties::Properties;
use crate::json::untagged::{MaybeString, Untagged, untagged};

/// A union whose variant is selected by the text of one property, the tag.
pub(crate) trait Tagged: Sized {
    /// Name of the tag property.
    const TAG: &'static str;

    /// Deserializes the variant of this tag from the other properties.
    ///
    /// Returns `None` without reading if there is no such variant.
    fn variant<'de, A: MapAccess<'de>>(
        tag: &str,
        properties: &mut Properties<'de, A>,
    ) -> Option<Result<Self, A::Error>>;

    /// Keeps a value that is not of any variant.
    fn unknown(value: Value) -> Self;
}

/// Deserializes a tagged union. In lenient mode a malformed member is unknown.
pub(crate) fn tagged<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Tagged,
{
    struct Union<T>(T);

    impl<'de, T: Tagged> Untagged<'de> for Union<T> {
        fn object<A: MapAccess<'de>>(properties: A) -> Result<Self, A::Error> {
            let mut properties = Properties::new(properties);
            let tag = properties.tag(T::TAG)?;
            if let Some(MaybeString::String(tag)) = &tag
                && let Some(variant) = T::variant(tag, &mut properties)
            {
                return variant.map(Self);
            }
            let object = properties.into_object(tag.map(|tag| (T::TAG, tag)))?;
            Ok(Self::unknown(Value::Object(object)))
        }

        fn unknown(value: Value) -> Self {
            Self(T::unknown(value))
        }
    }

    untagged(deserializer).map(|Union(union)| union)
}
