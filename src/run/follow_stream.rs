//! Following a run along its events: one stream, however many requests it takes.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::{Error, Result};
use crate::operation::{Operation, StreamingOperation};
use crate::run::follow::{Course, Follow, Followed};
use crate::run::guard::Guard;
use crate::run::stream::RunStream;
use crate::stream::{self, EventStream};
use crate::types::{AssistantStreamEvent as Event, RunObject};

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<O> Follow<O>
where
    O: StreamingOperation<Event = Event> + Operation<Output = RunObject>,
{
    /// Opens the stream of the run's events, and keeps it going when tool outputs are
    /// submitted: it is one stream from the first event to the end of the run. The
    /// [`RunStream`] has the text as it comes, and the run, its messages and its steps
    /// as they are.
    ///
    /// # Errors
    /// The stream cannot be opened. Whatever happens later comes as an item of it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use openai_assistants::types::CreateRunRequest;
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let mut run = client
    ///     .create_run()
    ///     .thread_id("thread_1")
    ///     .body(CreateRunRequest::builder().assistant_id("asst_1"))
    ///     .follow()
    ///     .stream()
    ///     .await?;
    /// let mut texts = run.text_deltas();
    /// while let Some(text) = texts.try_next().await? {
    ///     print!("{text}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream(self) -> Result<RunStream> {
        let request = stream::request(self.operation)?;
        let (course, mut guard) = Course::new(&request, self.settings);
        let events = match guard.watch(stream::open_request(request)).await {
            Ok(Ok(events)) => events,
            Ok(Err(error)) | Err(error) => return Err(course.run.fail(error).await),
        };
        Ok(RunStream::new(Events {
            guard,
            state: State::Coming {
                events,
                course,
                waiting: None,
            },
        }))
    }
}

/// All events of a run.
struct Events {
    guard: Guard,
    state: State,
}

#[expect(clippy::large_enum_variant, reason = "there is one for each run")]
enum State {
    /// Events come.
    Coming {
        events: EventStream<Event>,
        course: Course,
        /// The run, when its last event said that it waits for tools that are here.
        waiting: Option<Box<RunObject>>,
    },
    /// Tools run; then the stream of the submission is opened.
    Between {
        work: Work<(Course, Result<Option<EventStream<Event>>>)>,
        run: Followed,
    },
    /// The run may have to be cancelled.
    Failing(Work<Error>),
    Over,
}

impl State {
    fn failing(run: Followed, error: Error) -> Self {
        Self::Failing(Box::pin(run.fail(error)))
    }
}

impl Events {
    /// Ends with an error, unless it has ended already.
    fn stop(&mut self, error: Error) {
        self.state = match mem::replace(&mut self.state, State::Over) {
            State::Coming { course, .. } => State::failing(course.run, error),
            State::Between { run, .. } => State::failing(run, error),
            state => state,
        };
    }

    /// What comes when the events of one request are over.
    fn go_on(&mut self) {
        if let State::Coming {
            mut course,
            waiting: Some(run),
            ..
        } = mem::replace(&mut self.state, State::Over)
        {
            self.state = State::Between {
                run: course.run.clone(),
                work: Box::pin(async move {
                    let events = answered(&mut course, &run).await;
                    (course, events)
                }),
            };
        }
    }
}

/// The events that come once the run has what it waits for.
async fn answered(course: &mut Course, run: &RunObject) -> Result<Option<EventStream<Event>>> {
    let Some(submission) = course.answer(run).await? else {
        return Ok(None);
    };
    let request = course.run.with_options(stream::request(submission)?);
    stream::open_request(request).await.map(Some)
}

impl Stream for Events {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if matches!(self.state, State::Coming { .. } | State::Between { .. })
                && let Poll::Ready(reason) = self.guard.poll(context)
            {
                self.stop(reason);
            }
            match &mut self.state {
                State::Coming {
                    events,
                    course,
                    waiting,
                } => match ready!(Pin::new(events).poll_next(context)) {
                    // There is more to come, so this is not the last word.
                    Some(Ok(Event::Done)) if waiting.is_some() => {
                        self.go_on();
                    }
                    Some(Ok(event)) => {
                        if let Some(run) = event.run() {
                            course.see(run);
                            let waits = course.waits_for_tools(run);
                            *waiting = waits.then(|| Box::new(run.clone()));
                        }
                        return Poll::Ready(Some(Ok(event)));
                    }
                    // The events behind one that does not decode may well do.
                    Some(Err(error)) if error.is_decode() => return Poll::Ready(Some(Err(error))),
                    Some(Err(error)) => self.stop(error),
                    None => self.go_on(),
                },
                State::Between { work, .. } => {
                    let (course, events) = ready!(work.as_mut().poll(context));
                    self.state = match events {
                        Ok(Some(events)) => State::Coming {
                            events,
                            course,
                            waiting: None,
                        },
                        Ok(None) => State::Over,
                        Err(error) => State::failing(course.run, error),
                    };
                }
                State::Failing(work) => {
                    let error = ready!(work.as_mut().poll(context));
                    self.state = State::Over;
                    return Poll::Ready(Some(Err(error)));
                }
                State::Over => return Poll::Ready(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::Client;
    use crate::operations::CreateRun;
    use crate::testing::{
        DONE, STALL, Server, TestClock, event, reply, run, run_event, streamed, until,
    };
    use crate::types::CreateRunRequest;

    fn follow(client: &Client) -> Follow<CreateRun> {
        let body = CreateRunRequest::builder().assistant_id("asst_1");
        client
            .create_run()
            .thread_id("thread_1")
            .body(body)
            .follow()
    }

    fn completed() -> String {
        run_event(&run("completed"))
    }

    /// The names of the events up to the end or to an error.
    async fn rest(stream: &mut RunStream) -> (Vec<String>, Option<Error>) {
        let mut names = Vec::new();
        loop {
            match stream.try_next().await {
                Ok(Some(event)) => names.push(event.event().to_owned()),
                Ok(None) => return (names, None),
                Err(error) => return (names, Some(error)),
            }
        }
    }

    fn cancelled(server: &Server) -> bool {
        let lines = server.lines();
        lines.iter().any(|line| line.ends_with("/run_1/cancel"))
    }

    #[tokio::test]
    async fn without_tools_the_events_come_as_they_are() {
        for status in ["completed", "requires_action"] {
            let events = [
                run_event(&run("queued")),
                run_event(&run(status)),
                DONE.into(),
            ];
            let server = Server::start([streamed(&events.concat())]).await;
            let seen = Arc::new(Mutex::new(Vec::new()));
            let log = seen.clone();
            let mut stream = follow(&server.client())
                .on_state(move |run| log.lock().unwrap().push(run.status.to_string()))
                .stream()
                .await
                .unwrap();
            let (names, error) = rest(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            let last = format!("thread.run.{status}");
            assert_eq!(names, ["thread.run.queued", &last, "done"]);
            assert_eq!(*seen.lock().unwrap(), ["queued", status]);
            assert_eq!(server.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_stream_that_cannot_be_opened_is_an_error_at_once() {
        let server = Server::start([reply(401, "", "")]).await;
        let error = follow(&server.client())
            .stream()
            .await
            .expect_err("who is it?");
        assert!(error.is_authentication());
        assert_eq!(error.thread_id(), Some("thread_1"));
    }

    #[tokio::test]
    async fn a_stream_that_breaks_ends_with_its_run() {
        for cancel in [true, false] {
            let events = run_event(&run("in_progress"));
            let server = Server::start([
                streamed(&events),
                reply(200, "", &run("cancelling").to_string()),
            ])
            .await;
            let call = follow(&server.client()).cancel_run(cancel);
            let mut stream = call.stream().await.unwrap();
            let (names, error) = rest(&mut stream).await;
            let error = error.expect("it breaks");
            assert_eq!(names, ["thread.run.in_progress"]);
            assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
            assert_eq!(cancelled(&server), cancel);
            assert!(stream.try_next().await.unwrap().is_none());
            let last = stream.run().expect("it was told of");
            assert_eq!(last.status.as_str(), "in_progress");
        }
    }

    #[tokio::test]
    async fn the_deadline_and_the_caller_end_a_stream_that_stalls() {
        for by_caller in [true, false] {
            let events = [run_event(&run("in_progress")), STALL.to_string()].concat();
            let server = Server::start([
                streamed(&events),
                reply(200, "", &run("cancelling").to_string()),
            ])
            .await;
            let clock = TestClock::default();
            let client = server.builder(&clock).build().unwrap();
            let limit = Duration::from_secs(90);
            let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
            let call = follow(&client).deadline(limit).cancel_run(true);
            let call = call.cancel_on(async { drop(given_up.await) });
            let mut stream = call.stream().await.unwrap();
            assert!(stream.try_next().await.unwrap().is_some());
            let work = tokio::spawn(async move { stream.try_next().await });
            if by_caller {
                give_up.send(()).unwrap();
            } else {
                clock.pass_only(limit);
                std::mem::forget(give_up);
            }
            let error = work.await.unwrap().expect_err("it has to end");
            assert_eq!(
                (error.is_cancelled(), error.is_timeout()),
                (by_caller, !by_caller)
            );
            assert_eq!(error.run_id(), Some("run_1"));
            assert!(cancelled(&server));
            until(|| server.left() == 1).await;
        }
    }

    #[tokio::test]
    async fn an_event_that_does_not_decode_is_not_the_end() {
        let events = [
            run_event(&run("queued")),
            event("thread.message.delta", &json!([])),
            completed(),
            DONE.into(),
        ];
        let server = Server::start([streamed(&events.concat())]).await;
        let mut stream = follow(&server.client()).stream().await.unwrap();
        let (_, error) = rest(&mut stream).await;
        assert!(error.expect("it is no delta").is_decode());
        let (names, error) = rest(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names, ["thread.run.completed", "done"]);
        assert_eq!(
            stream.finish().await.unwrap().run.status.as_str(),
            "completed"
        );
    }

    #[cfg(feature = "tools")]
    mod with_tools {
        use std::future::pending;

        use serde_json::Value;

        use super::*;
        use crate::ToolSet;
        use crate::testing::waiting;

        fn tools() -> ToolSet {
            let schema = json!({ "type": "object", "properties": {} });
            let greet =
                crate::Tool::dynamic("greet", "Greets.", schema.clone(), |_: Value| async {
                    Ok::<_, String>("hello")
                });
            let hang = crate::Tool::dynamic("hang", "Hangs.", schema, |_: Value| {
                pending::<Result<String, String>>()
            });
            let tools = ToolSet::builder().tool(greet).tool(hang);
            tools.build().expect("the tools are good")
        }

        fn text(text: &str) -> String {
            let content = json!([{ "index": 0, "type": "text", "text": { "value": text } }]);
            let delta = json!({ "id": "msg_1", "delta": { "content": content } });
            event("thread.message.delta", &delta)
        }

        fn calling(name: &str) -> String {
            let events = [
                run_event(&run("queued")),
                run_event(&waiting(&[("call_1", name, "{}")])),
                DONE.into(),
            ];
            streamed(&events.concat())
        }

        #[tokio::test]
        async fn it_is_one_stream_across_all_submissions() {
            let server = Server::start([
                calling("greet"),
                calling("greet"),
                streamed(&[text("a"), text("b"), completed(), DONE.into()].concat()),
            ])
            .await;
            let call = follow(&server.client()).tools(&tools());
            let mut stream = call.stream().await.unwrap();
            let (names, error) = rest(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(
                names,
                [
                    "thread.run.queued",
                    "thread.run.requires_action",
                    "thread.run.queued",
                    "thread.run.requires_action",
                    "thread.message.delta",
                    "thread.message.delta",
                    "thread.run.completed",
                    "done",
                ]
            );
            assert_eq!(
                stream.take_tool_calls().len(),
                1,
                "it is the same call twice"
            );
            assert_eq!(stream.finish().await.unwrap().messages[0].text(), "ab");
            let requests = server.requests();
            assert_eq!(requests.len(), 3);
            for request in &requests[1..] {
                assert!(
                    request
                        .starts_with("POST /v1/threads/thread_1/runs/run_1/submit_tool_outputs ")
                );
                assert!(request.contains("accept: text/event-stream"));
                let body = request.split_once("\r\n\r\n").unwrap().1;
                assert_eq!(
                    serde_json::from_str::<Value>(body).unwrap(),
                    json!({ "tool_outputs": [{ "tool_call_id": "call_1", "output": "hello" }], "stream": true })
                );
            }
        }

        #[tokio::test]
        async fn it_goes_on_without_done_as_well() {
            let waits = run_event(&waiting(&[("call_1", "greet", "{}")]));
            let server = Server::start([streamed(&waits), streamed(&completed())]).await;
            let call = follow(&server.client()).tools(&tools());
            let mut stream = call.stream().await.unwrap();
            let (names, error) = rest(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(
                names,
                ["thread.run.requires_action", "thread.run.completed"]
            );
        }

        #[tokio::test]
        async fn a_submission_that_fails_tells_which_run_it_was() {
            let server = Server::start([calling("greet"), reply(400, "", "")]).await;
            let call = follow(&server.client()).tools(&tools());
            let mut stream = call.stream().await.unwrap();
            let error = rest(&mut stream).await.1.expect("it is refused");
            assert!(error.is_bad_request());
            assert_eq!(error.run_id(), Some("run_1"));
            assert!(stream.try_next().await.unwrap().is_none());
        }

        #[tokio::test]
        async fn there_is_an_end_to_the_rounds() {
            let server = Server::start([calling("greet")]).await;
            let call = follow(&server.client()).tools(&tools()).max_rounds(2);
            let mut stream = call.stream().await.unwrap();
            let (names, error) = rest(&mut stream).await;
            assert!(error.expect("it never ends").is_tool());
            assert_eq!(names.len(), 6);
        }

        #[tokio::test]
        async fn a_tool_that_hangs_ends_with_the_caller() {
            let cancelling = reply(200, "", &run("cancelling").to_string());
            let server = Server::start([calling("hang"), cancelling]).await;
            let clock = TestClock::default();
            let client = server.builder(&clock).build().unwrap();
            let limit = Duration::from_secs(7);
            let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
            let call = follow(&client).tools(&tools()).tool_timeout(limit);
            let call = call
                .cancel_on(async { drop(given_up.await) })
                .cancel_run(true);
            let mut stream = call.stream().await.unwrap();
            let work = tokio::spawn(async move { rest(&mut stream).await.1 });
            until(|| clock.timeouts().contains(&limit)).await;
            give_up.send(()).unwrap();
            let error = work.await.unwrap().expect("it is given up");
            assert!(error.is_cancelled() && error.run_id() == Some("run_1"));
            assert!(cancelled(&server));
        }
    }
}
