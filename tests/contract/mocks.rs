//! Typed mocks of the operations.

use std::collections::BTreeSet;

use httpmock::MockServer;
use openai_assistants::{Client, Credentials, RetryPolicy};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::version::versions;
use crate::{for_every_operation, same};

/// Mocks an operation with this response.
pub type Mock = fn(&MockServer, &Value);

/// The methods of the trait in scope, with their names.
macro_rules! mocks {
    ($($operation:ident)*) => {
        vec![$((stringify!($operation), |server, response| {
            server.$operation(|_, then| drop(then.ok(&read(response))));
        })),*]
    };
}

fn read<T: DeserializeOwned>(response: &Value) -> T {
    T::deserialize(response).expect("the response matches")
}

pub fn v2() -> Vec<(&'static str, Mock)> {
    use openai_assistants::mock::MockServerExt;

    #[cfg_attr(
        not(any(feature = "files", feature = "foundry")),
        expect(unused_mut, reason = "features add to it")
    )]
    let mut mocks: Vec<(&'static str, Mock)> = mocks! {
        list_assistants create_assistant get_assistant modify_assistant delete_assistant
        create_thread create_thread_and_run get_thread modify_thread delete_thread
        list_messages create_message get_message modify_message delete_message
        list_runs create_run get_run modify_run cancel_run submit_tool_outputs_to_run
        list_run_steps get_run_step
    };
    #[cfg(feature = "files")]
    mocks.extend(files());
    #[cfg(feature = "foundry")]
    mocks.extend(foundry());
    mocks
}

#[cfg(feature = "files")]
fn files() -> Vec<(&'static str, Mock)> {
    use openai_assistants::mock::MockServerExt;

    mocks! {
        list_files create_file retrieve_file delete_file
        list_vector_stores create_vector_store get_vector_store modify_vector_store delete_vector_store
        search_vector_store
        list_vector_store_files create_vector_store_file get_vector_store_file
        update_vector_store_file_attributes delete_vector_store_file retrieve_vector_store_file_content
        create_vector_store_file_batch get_vector_store_file_batch cancel_vector_store_file_batch
        list_files_in_vector_store_batch
    }
}

#[cfg(feature = "foundry")]
fn foundry() -> Vec<(&'static str, Mock)> {
    use openai_assistants::mock::MockServerExt;

    mocks! { list_threads }
}

#[cfg(feature = "v1")]
pub fn v1() -> Vec<(&'static str, Mock)> {
    use openai_assistants::v1::mock::MockServerExt;

    mocks! {
        list_assistants create_assistant get_assistant modify_assistant delete_assistant
        list_assistant_files create_assistant_file get_assistant_file delete_assistant_file
        create_thread create_thread_and_run get_thread modify_thread delete_thread
        list_messages create_message get_message modify_message
        list_message_files get_message_file
        list_runs create_run get_run modify_run cancel_run submit_tool_outputs_to_run
        list_run_steps get_run_step
    }
}

/// Returns the method of an operation: `list_runs` for `listRuns`. The document misspells one ID.
fn method(id: &str) -> String {
    let id = id.replace("Ouputs", "Outputs");
    id.chars().fold(String::new(), |mut name, character| {
        if character.is_uppercase() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
        name
    })
}

#[tokio::test]
async fn a_mocked_operation_responds_with_its_object() {
    for version in versions() {
        let names = version.contracts.iter().map(|contract| method(contract.id));
        let names: BTreeSet<String> = names.collect();
        for (operation, _) in &version.mocks {
            assert!(names.contains(*operation), "{operation} has no contract");
        }
    }
    for_every_operation(async |version, contract| {
        let mut mocks = version.mocks.iter();
        let name = method(contract.id);
        // The mock of a new operation is not listed here, and is generated like those that are.
        let Some((_, mock)) = mocks.find(|(operation, _)| *operation == name) else {
            return Ok(());
        };
        let server = MockServer::start_async().await;
        mock(&server, &contract.response);
        let client = Client::builder()
            .base_url(server.base_url())
            .credentials(Credentials::none())
            .retry(RetryPolicy::never())
            .build()
            .expect("the configuration is valid");
        let response = (contract.call)(client).await;
        same(
            &response.map_err(|error| error.to_string())?,
            &contract.response,
        )
    })
    .await;
}
