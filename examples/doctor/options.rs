//! The settings of the environment.

use crate::local::environment::variable;

/// What to call, and how.
#[derive(Default)]
pub struct Options {
    pub model: String,
    pub file: Option<String>,
    /// For how many seconds a run may be active.
    pub wait: u32,
    /// Whether bodies have every documented property.
    pub full: bool,
    /// Whether the server keeps no objects, so that its behavior cannot be checked.
    pub stateless: bool,
    /// The feature whose operations the server does not have. They are not called.
    pub left_out: Option<&'static str>,
}

impl Options {
    pub fn from_env() -> Self {
        let wait = variable("DOCTOR_WAIT").and_then(|text| text.parse().ok());
        Self {
            model: variable("OPENAI_MODEL").unwrap_or_else(|| "gpt-4o".to_owned()),
            file: variable("OPENAI_FILE_ID"),
            wait: wait.unwrap_or(30),
            full: variable("DOCTOR_BODIES").is_some_and(|extent| extent == "full"),
            stateless: variable("DOCTOR_CHECKS").is_some_and(|checks| checks == "none"),
            left_out: None,
        }
    }
}
