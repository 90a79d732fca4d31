//! Each response type from JSON, and its round trip. The first line of an input names the type.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants::{types, v1};
use openai_assistants_fuzz::{json_mutator, round_trip};

macro_rules! check {
    ($name:expr, $body:expr, $($module:path => [$($ty:ident)*],)*) => {
        match $name {
            $($(concat!(stringify!($module), "::", stringify!($ty)) => {
                use $module as module;
                round_trip::check::<module::$ty>($body);
            })*)*
            _ => {}
        }
    };
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Some((name, body)) = text.split_once('\n') else {
        return;
    };
    check!(name, body,
        types => [
            AssistantObject DeleteAssistantResponse DeleteFileResponse DeleteMessageResponse
            DeleteThreadResponse DeleteVectorStoreFileResponse DeleteVectorStoreResponse
            ErrorResponse FileObject ListAssistantsResponse ListFilesResponse ListMessagesResponse
            ListRunStepsResponse ListRunsResponse ListThreadsResponse ListVectorStoreFilesResponse
            ListVectorStoresResponse MessageObject RunObject RunStepObject ThreadObject
            VectorStoreFileBatchObject VectorStoreFileContentResponse VectorStoreFileObject
            VectorStoreObject VectorStoreSearchResultsPage
        ],
        v1::types => [
            AssistantFileObject AssistantObject DeleteAssistantFileResponse DeleteAssistantResponse
            DeleteThreadResponse ErrorResponse ListAssistantFilesResponse ListAssistantsResponse
            ListMessageFilesResponse ListMessagesResponse ListRunStepsResponse ListRunsResponse
            MessageFileObject MessageObject RunObject RunStepObject ThreadObject
        ],
    );
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
