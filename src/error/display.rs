//! Formats an error for people: operation, status, message, context, advice.

use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::iter::successors;

use crate::error::clip::{Clip, NAME_LIMIT, TEXT_LIMIT};
use crate::error::core::Error;
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;
use crate::error::server_error::ServerError;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation} failed: ")?;
        }
        self.fmt_status(f)?;
        write!(f, "{}", Clip(&self.0.message, TEXT_LIMIT))?;
        self.fmt_context(f)?;
        if let Some(advice) = self.advice() {
            write!(f, "; {advice}")?;
        }
        match self.is_in_doubt() {
            true => f.write_str(
                "; the call may have been processed: check that before you send it again",
            ),
            false => Ok(()),
        }
    }
}

impl Error {
    fn fmt_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field(
                "message",
                &format_args!("{:?}", Clip(&self.0.message, TEXT_LIMIT).to_string()),
            )
            .field("operation", &self.0.operation)
            .field("attempts", &self.0.attempts)
            .field("status", &self.0.status)
            .field("code", &self.code())
            .field("request_id", &self.request_id())
            .field("run", &self.0.run)
            .field("run_cancelled", &self.0.run_cancelled)
            .field("retry_after", &self.0.retry_after)
            .finish_non_exhaustive()
    }

    fn fmt_status(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(status) = self.0.status else {
            return Ok(());
        };
        let reason = status.canonical_reason().unwrap_or_default();
        let status = format!("{} {reason}", status.as_u16());
        let status = status.trim_end();
        match self.0.kind {
            ErrorKind::Status if self.0.status.is_some_and(|status| status.is_success()) => {
                write!(f, "the server returned {status}, but with an error: ")
            }
            ErrorKind::Decode | ErrorKind::Timeout | ErrorKind::Connection => {
                write!(f, "the server returned {status}, but ")
            }
            // The call itself succeeded.
            ErrorKind::StreamError
            | ErrorKind::StreamEnded
            | ErrorKind::StreamCut
            | ErrorKind::StreamIdle => Ok(()),
            _ if self.0.message.is_empty() => f.write_str(status),
            _ => write!(f, "{status}: "),
        }
    }

    /// Writes ` (code …, request …)`.
    fn fmt_context(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        let context = [
            ("code", self.code()),
            ("param", self.param()),
            ("request", self.request_id()),
            ("run", self.run_id()),
        ];
        for (name, value) in context {
            if let Some(value) = value {
                write!(f, "{separator}{name} {}", Clip(value, NAME_LIMIT))?;
                separator = ", ";
            }
        }
        if self.0.attempts > 1 {
            write!(f, "{separator}{} attempts", self.0.attempts)?;
            separator = ", ";
        }
        if separator == ", " {
            f.write_char(')')
        } else {
            Ok(())
        }
    }

    /// Returns what to do about the error, where that is known.
    fn advice(&self) -> Option<&'static str> {
        match self.0.run_cancelled {
            Some(true) => return Some("the run was cancelled"),
            Some(false) => {
                return Some("the run could not be cancelled and may continue on the server");
            }
            None => {}
        }
        let advice = match (self.0.kind, self.0.status.map(|status| status.as_u16())) {
            (ErrorKind::Connection, _) if self.0.failure == Failure::Unknown => {
                "check the layers and the HTTP service of the client"
            }
            (ErrorKind::Connection, _) => "check the base URL and the network",
            (ErrorKind::Certificate, _) => {
                "check the certificate and the roots that it is checked against"
            }
            (ErrorKind::Disconnected, _) => {
                "the server was reached: check its logs, and proxies on the way"
            }
            (ErrorKind::Timeout, _) => "increase the time-out if the call needs more time",
            (ErrorKind::StreamEnded | ErrorKind::StreamCut | ErrorKind::StreamIdle, _) => {
                match (self.run_id(), self.thread_id()) {
                    (Some(_), _) => {
                        "the run may continue on the server: follow it by its ID with `get_run`"
                    }
                    (None, Some(_)) => "a run may have been created: look for it with `list_runs`",
                    (None, None) => return None,
                }
            }
            (ErrorKind::Deadline, _) if self.0.is_run_left => {
                "the run may continue on the server: cancel it, or set a later deadline"
            }
            (ErrorKind::Deadline, _) => "set a later deadline",
            (ErrorKind::Cancelled, _) if self.0.is_run_left => {
                "the run may continue on the server: cancel it, or set `cancel_run(true)`"
            }
            (ErrorKind::Tool, _) if self.0.is_run_left => {
                "the run waits for outputs until it expires: cancel it, or set `cancel_run(true)`"
            }
            (ErrorKind::Status, Some(400)) if self.is_active_run() => {
                "wait until that run is terminal, or cancel it"
            }
            (ErrorKind::Status, Some(401)) => "check the API key or token",
            (ErrorKind::Status, Some(403)) => {
                "check the permissions of the key, the organization and the project"
            }
            (ErrorKind::Status, Some(404 | 405 | 501)) if self.is_missing_route() => {
                "the server may not have this operation, or not at this base URL"
            }
            (ErrorKind::Status, Some(404)) => {
                "check the ID, the account that it belongs to, and the base URL"
            }
            (ErrorKind::Status, Some(429)) if self.code() == Some("insufficient_quota") => {
                "check the plan and its billing"
            }
            (ErrorKind::Status, Some(429)) => "send fewer requests, or retry later",
            (ErrorKind::Status, Some(500..)) => "retry later",
            _ => return None,
        };
        Some(advice)
    }

    /// Whether the call must not be sent again without knowing what came of it.
    fn is_in_doubt(&self) -> bool {
        let is_unknown = match self.0.kind {
            ErrorKind::Timeout
            | ErrorKind::Disconnected
            | ErrorKind::Connection
            | ErrorKind::Decode => true,
            ErrorKind::Status => self.0.status.is_some_and(|status| status.is_server_error()),
            _ => false,
        };
        let is_of_run = self.run_id().is_some() || self.0.run_cancelled.is_some();
        is_unknown && !is_of_run && !self.0.is_idempotent && self.may_have_been_processed()
    }

    /// Whether the response is that of an unknown route. That of an unknown object says more.
    fn is_missing_route(&self) -> bool {
        let text = self.message().trim_end_matches(['.', ' ']).to_lowercase();
        let names_route = || {
            let methods = ["get", "post", "put", "patch", "delete"];
            let mut words = text.split(|character: char| !character.is_alphanumeric());
            text.contains('/') && words.any(|word| methods.contains(&word))
        };
        !self.is_not_found()
            || ServerError::lacks_message(self.body().unwrap_or_default())
            || matches!(&*text, "not found" | "404 page not found")
            || text.starts_with('<')
            || names_route()
    }

    /// The service has no error code for this.
    pub(crate) fn is_active_run(&self) -> bool {
        self.message().contains("while a run")
            || self.message().contains("already has an active run")
    }
}

impl fmt::Debug for Error {
    /// The text of `Display` and the causes that it does not contain, for programs that return the error
    /// from `main`. The alternate form, `{:#?}`, has the fields, without headers and body, which are
    /// long and may contain personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.fmt_fields(f);
        }
        let mut shown = self.to_string();
        f.write_str(&shown)?;
        for cause in successors(StdError::source(self), |cause| (*cause).source()) {
            let cause = Clip(&cause.to_string(), TEXT_LIMIT).to_string();
            if !shown.contains(&cause) {
                write!(f, "\n  caused by: {cause}")?;
                shown += &cause;
            }
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
