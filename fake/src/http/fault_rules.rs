//! Rules that select the requests to which faults apply.

use std::sync::{Mutex, PoisonError};

use crate::http::fault::Fault;
use crate::random::Random;
use crate::spec::document::Document;

/// The correct spelling of an operation, and the one of the OpenAPI document.
const SUBMIT: (&str, &str) = ("submitToolOutputsToRun", "submitToolOuputsToRun");

fn unknown_operation(name: &str, document: &Document) -> String {
    let mut known: Vec<&str> = document
        .operations
        .iter()
        .map(|operation| match operation.id.as_str() {
            id if id == SUBMIT.1 => SUBMIT.0,
            id => id,
        })
        .collect();
    known.sort_unstable();
    format!(
        "cannot set a fault for the unknown operation '{name}'; the operations are {}",
        known.join(", ")
    )
}

/// Decides which faults apply to a request.
pub(crate) struct FaultRules(Mutex<Vec<Rule>>);

pub(crate) struct Rule {
    /// The operation; `None` for all.
    pub(crate) operation: Option<String>,
    pub(crate) when: When,
    /// The alternatives, of which one applies.
    pub(crate) faults: Vec<Fault>,
}

pub(crate) enum When {
    Always,
    /// For this many more requests.
    Times(u32),
    /// For one request in this many, at random.
    OneIn(u64, Random),
}

impl FaultRules {
    /// Checks the operation IDs of the rules, and corrects the spelling of one.
    pub(crate) fn new(mut rules: Vec<Rule>, document: &Document) -> Result<Self, String> {
        for name in rules.iter_mut().filter_map(|rule| rule.operation.as_mut()) {
            if name == SUBMIT.0 {
                SUBMIT.1.clone_into(name);
            }
            let mut known = document.operations.iter().map(|operation| &operation.id);
            if !known.any(|known| known == name) {
                return Err(unknown_operation(name, document));
            }
        }
        Ok(Self(Mutex::new(rules)))
    }

    /// The faults that apply to the next request of an operation.
    pub(crate) fn next(&self, operation: &str) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = rules.iter_mut().filter(|rule| {
            rule.operation
                .as_ref()
                .is_none_or(|wanted| wanted == operation)
        });
        rules.filter_map(Rule::fault).collect()
    }
}

impl Rule {
    fn fault(&mut self) -> Option<Fault> {
        match &mut self.when {
            When::Always => self.faults.first().cloned(),
            When::Times(0) => None,
            When::Times(left) => {
                *left -= 1;
                self.faults.first().cloned()
            }
            When::OneIn(count, random) => {
                if random.below(*count) != 0 {
                    return None;
                }
                let index = random.below(self.faults.len() as u64);
                self.faults.get(usize::try_from(index).ok()?).cloned()
            }
        }
    }
}
