//! Public types can be sent between threads, and calls can be spawned.

use openai_assistants::operations::ListRuns;
use openai_assistants::types::{AssistantStreamEvent, RunObject};
use openai_assistants::{
    Client, ClientBuilder, Error, EventStream, Items, Method, Pages, RawEvent, RawRequest, Request,
    Response, TextDeltas,
};

#[test]
fn types_are_send_and_calls_can_be_spawned() {
    fn is_send<T: Send + 'static>() {}
    fn is_sync<T: Send + Sync + 'static>() {}
    fn is_unpin<T: Unpin>() {}
    fn spawned<T: Send + 'static>(_: impl FnOnce(&Client) -> T) {}

    is_sync::<Client>();
    is_sync::<ClientBuilder>();
    is_sync::<Error>();
    is_sync::<Response<RunObject>>();
    is_sync::<ListRuns>();
    is_send::<Request>();
    is_send::<Pages<ListRuns>>();
    is_send::<Items<ListRuns>>();
    is_send::<EventStream<AssistantStreamEvent>>();
    is_send::<TextDeltas>();
    is_unpin::<EventStream<AssistantStreamEvent>>();
    is_unpin::<TextDeltas>();
    is_sync::<RawRequest>();
    is_send::<EventStream<RawEvent>>();
    spawned(|client| client.request(Method::GET, "/things").send::<RunObject>());
    spawned(|client| client.request(Method::GET, "/things").stream());
    spawned(|client| client.get_run().send());
    spawned(|client| client.create_run().send_response());
    spawned(|client| client.list_runs().send());
    spawned(|client| client.create_run().stream());
    spawned(|client| {
        let events = client.create_run().stream();
        async move { events.await?.try_next().await }
    });
    spawned(|client| {
        let mut items = client.list_runs().items();
        async move { items.try_next().await }
    });
}
