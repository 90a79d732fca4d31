//! Settings from environment variables.

/// The environment variables of the client that are set.
///
/// They are applied only in `build`, because the kind of server determines which are used.
#[derive(Clone, Default)]
pub(super) struct Environment(Vec<(&'static str, String)>);

impl Environment {
    const NAMES: [&str; 9] = [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_ENDPOINT",
        "OPENAI_API_VERSION",
        "PROJECT_ENDPOINT",
        "AZURE_AI_PROJECT_ENDPOINT",
    ];

    /// Reads the variables that have not been read. Empty ones count as not set.
    pub(super) fn read(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for name in Self::NAMES {
            if self.get(name).is_none()
                && let Some(value) = variable(name).filter(|value| !value.trim().is_empty())
            {
                self.0.push((name, value));
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.as_str())
    }
}
