//! Parses and checks query parameters.

use crate::api_error::ApiError;

/// The value of `include` that requests the content of file search results.
const SEARCH_CONTENT: &str = "step_details.tool_calls[*].file_search.results[*].content";

/// The query parameters of a request.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query of an operation that has these parameters.
    pub(crate) fn parse(query: &str, known: &[String]) -> Result<Self, ApiError> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let query = Self(pairs.into_owned().collect());
        let is_known = |name: &str| {
            // Clients of Azure OpenAI send their version with every request.
            name == "api-version"
                || known
                    .iter()
                    .any(|known| known == name || known.strip_suffix("[]") == Some(name))
        };
        match query.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(query),
            Some((name, _)) => Err(ApiError::parameter(
                name,
                "unknown_parameter",
                format!("Unrecognized query parameter: '{name}'."),
            )),
        }
    }

    /// Removes all other parameters.
    pub(crate) fn retain(&mut self, name: &str) {
        self.0.retain(|(found, _)| found == name);
    }

    /// The value of a parameter. Empty values count as missing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        values
            .next()
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether the request includes the content of file search results.
    pub(crate) fn includes_search_content(&self) -> Result<bool, ApiError> {
        let values = self
            .0
            .iter()
            .filter(|(name, _)| name == "include[]" || name == "include");
        let mut is_included = false;
        for (name, value) in values {
            if value != SEARCH_CONTENT {
                return Err(ApiError::parameter(
                    name,
                    "invalid_value",
                    format!("Invalid value: '{value}'. Supported values are: '{SEARCH_CONTENT}'."),
                ));
            }
            is_included = true;
        }
        Ok(is_included)
    }
}
