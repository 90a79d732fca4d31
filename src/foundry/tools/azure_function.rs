//! The tool for Azure functions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::foundry::url_origin::url_origin;
use crate::types::FunctionObject;

/// The tool `azure_function`: an Azure function behind two storage queues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AzureFunction {
    /// The definition of the function.
    pub function: FunctionObject,
    /// The queue for the arguments.
    pub input_binding: AzureFunctionBinding,
    /// The queue for the output.
    pub output_binding: AzureFunctionBinding,
}

impl AzureFunction {
    /// Creates the tool with the queues for its arguments and its output.
    #[must_use]
    pub fn new(function: FunctionObject, input: StorageQueue, output: StorageQueue) -> Self {
        let binding = |storage_queue| AzureFunctionBinding { storage_queue };
        Self {
            function,
            input_binding: binding(input),
            output_binding: binding(output),
        }
    }
}

/// The binding of a function to a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "storage_queue")]
#[non_exhaustive]
pub struct AzureFunctionBinding {
    /// The queue.
    pub storage_queue: StorageQueue,
}

/// A queue of Azure Storage.
///
/// `Debug` shows only the origin of its URL.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StorageQueue {
    /// URL of the queue service.
    pub queue_service_endpoint: String,
    /// Name of the queue.
    pub queue_name: String,
}

impl StorageQueue {
    /// Refers to a queue by service URL and name.
    pub fn new(endpoint: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            queue_service_endpoint: endpoint.into(),
            queue_name: name.into(),
        }
    }
}

impl fmt::Debug for StorageQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query may contain a signature that grants access.
        f.debug_struct("StorageQueue")
            .field(
                "queue_service_endpoint",
                &url_origin(&self.queue_service_endpoint),
            )
            .field("queue_name", &self.queue_name)
            .finish()
    }
}
