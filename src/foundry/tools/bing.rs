//! The tools that search with Bing.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::json::scalar;

/// The tool `bing_custom_search`: searches selected sites with Bing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingCustomSearch {
    /// The configurations.
    ///
    /// The server accepts at most one.
    pub search_configurations: Vec<BingCustomSearchConfiguration>,
}

impl BingCustomSearch {
    /// Creates the tool with a connection ID and the name of an instance.
    pub fn new(connection_id: impl Into<String>, instance_name: impl Into<String>) -> Self {
        Self {
            search_configurations: vec![BingCustomSearchConfiguration {
                instance_name: instance_name.into(),
                search: BingSearch::new(connection_id),
            }],
        }
    }
}

/// The configuration of a custom search with Bing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingCustomSearchConfiguration {
    /// Name of the instance, which defines the sites.
    pub instance_name: String,
    /// The search settings.
    #[serde(flatten)]
    pub search: BingSearch,
}

/// The tool `bing_grounding`: searches the web with Bing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingGrounding {
    /// The configurations.
    ///
    /// The server accepts at most one.
    pub search_configurations: Vec<BingSearch>,
}

impl BingGrounding {
    /// Creates the tool with a connection ID and default settings.
    pub fn new(connection_id: impl Into<String>) -> Self {
        BingSearch::new(connection_id).into()
    }
}

impl From<BingSearch> for BingGrounding {
    fn from(search: BingSearch) -> Self {
        Self {
            search_configurations: vec![search],
        }
    }
}

/// The settings of a search with Bing.
///
/// Settings that are `None` have Bing's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingSearch {
    /// ID of a connection to Bing.
    pub connection_id: String,
    /// Market of the results, such as `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// Language of the user interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_lang: Option<String>,
    /// Number of results.
    #[serde(
        default,
        deserialize_with = "integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub count: Option<i64>,
    /// Age of the results, such as `Day` or a date range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshness: Option<String>,
}

impl BingSearch {
    /// Creates default settings with a connection ID.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connection_id: connection_id.into(),
            market: None,
            set_lang: None,
            count: None,
            freshness: None,
        }
    }
}

/// Deserializes an integer that may be missing or null.
///
/// Goes through JSON, because inside a tagged
/// enum serde buffers values, and its buffer does not accept `5.0` as an integer.
fn integer_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    scalar::integer_or_null(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}
