//! The query of a request.

use crate::failure::Failure;

const CONTENT: &str = "step_details.tool_calls[*].file_search.results[*].content";

pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The query of a request to an operation that has these parameters.
    pub(crate) fn new(query: &str, known: &[String]) -> Result<Self, Failure> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let query = Self(pairs.into_owned().collect());
        let is_known = |name: &str| {
            // Servers in the shape of Azure OpenAI want their version everywhere.
            name == "api-version"
                || known
                    .iter()
                    .any(|known| known == name || known.strip_suffix("[]") == Some(name))
        };
        match query.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(query),
            Some((name, _)) => Err(Failure::parameter(
                name,
                "unknown_parameter",
                format!("Unrecognized query parameter: '{name}'."),
            )),
        }
    }

    /// The value of a parameter. One that is empty counts as left out.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        values
            .next()
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether what file search has found is to be sent as well.
    pub(crate) fn wants_content(&self) -> Result<bool, Failure> {
        let values = self
            .0
            .iter()
            .filter(|(name, _)| name == "include[]" || name == "include");
        let mut wants = false;
        for (name, value) in values {
            if value != CONTENT {
                return Err(Failure::parameter(
                    name,
                    "invalid_value",
                    format!("Invalid value: '{value}'. Supported values are: '{CONTENT}'."),
                ));
            }
            wants = true;
        }
        Ok(wants)
    }
}
