//! Following a run along its events: one stream, however many requests it takes.

use std::future::Future;
use std::mem;
use std::pin::{Pin, pin};
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
    /// submitted: it is one stream from the first event to the end of the run. (A run that
    /// is only asked for, by `get_run`, has none.) The
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
        let mut opened = pin!(stream::open_request(request));
        let events = match guard.watch(opened.as_mut()).await {
            Ok(Ok(events)) => events,
            Ok(Err(error)) => return Err(course.run.fail(error).await),
            Err(stop) => {
                let error = course.run.stopped(&stop);
                let mut run = course.run;
                let known = run.before_cancelling(guard.has_begun(), async {
                    let mut events = opened.await.ok()?;
                    named(&mut events).await;
                    Some(events)
                });
                if let Some(Some(events)) = known.await {
                    run.learn(events.thread_id(), events.run_id());
                }
                return Err(run.fail(error).await);
            }
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

/// Reads on until an event has named the run.
async fn named(events: &mut EventStream<Event>) {
    while events.run_id().is_none() && !matches!(events.try_next().await, Ok(None)) {}
}

impl Events {
    /// Ends with an error, unless it has ended already.
    fn fail(&mut self, error: impl FnOnce(&Followed) -> Error) {
        let run = match mem::replace(&mut self.state, State::Over) {
            State::Coming { events, course, .. } => {
                let mut run = course.run;
                run.learn(events.thread_id(), events.run_id());
                run
            }
            State::Between { run, .. } => run,
            state => {
                self.state = state;
                return;
            }
        };
        let error = error(&run);
        self.state = State::Failing(Box::pin(run.fail(error)));
    }

    /// Whether there is anything to wait for that may come too late.
    fn is_guarded(&self) -> bool {
        match &self.state {
            State::Coming { course, .. } => !course.run.is_over(),
            State::Between { .. } => true,
            State::Failing(_) | State::Over => false,
        }
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
            if self.is_guarded()
                && let Poll::Ready(stop) = self.guard.poll(context)
            {
                self.fail(|run| run.stopped(&stop));
            }
            match &mut self.state {
                State::Coming {
                    events,
                    course,
                    waiting,
                } => match ready!(Pin::new(&mut *events).poll_next(context)) {
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
                    Some(Err(error)) if !events.is_over() => return Poll::Ready(Some(Err(error))),
                    Some(Err(error)) => self.fail(|_| error),
                    None if course.is_at_rest() => self.go_on(),
                    None => self.fail(|_| Error::ended_early()),
                },
                State::Between { work, .. } => {
                    let (course, events) = ready!(work.as_mut().poll(context));
                    match events {
                        Ok(Some(events)) => {
                            self.state = State::Coming {
                                events,
                                course,
                                waiting: None,
                            };
                        }
                        Ok(None) => self.state = State::Over,
                        Err(error) => self.fail(|_| error),
                    }
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
        DONE, PAUSE, STALL, Server, TestClock, create_run, event, reply, rest, run, run_event,
        slowly, streamed, until,
    };

    fn follow(client: &Client) -> Follow<CreateRun> {
        create_run(client).follow()
    }

    fn completed() -> String {
        run_event(&run("completed"))
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

    fn cancelling() -> String {
        reply(200, "", &run("cancelling").to_string())
    }

    #[tokio::test]
    async fn a_run_is_cancelled_however_it_became_known() {
        let mut unreadable = run("in_progress");
        unreadable["model"] = json!({});
        let unreadable = [
            event("thread.run.in_progress", &unreadable),
            event("error", &json!({ "message": "x" })),
        ];
        let mut object = run("queued");
        object["object"] = "thread.run".into();
        for (reply, opens) in [
            (streamed(&unreadable.concat()), true),
            (
                reply(
                    200,
                    "content-type: application/json\r\n",
                    &object.to_string(),
                ),
                false,
            ),
        ] {
            let server = Server::start([reply, cancelling()]).await;
            let stream = follow(&server.client()).cancel_run(true).stream().await;
            assert_eq!(stream.is_ok(), opens);
            let error = match stream {
                Ok(stream) => {
                    let mut stream = stream;
                    let error = rest(&mut stream).await.1.expect("it has no model");
                    assert!(error.is_decode() && !error.is_run_cancelled());
                    rest(&mut stream).await.1.expect("it is an error")
                }
                Err(error) => error,
            };
            assert_eq!(error.run_id(), Some("run_1"));
            assert!(error.is_run_cancelled() && cancelled(&server), "{error}");
        }
    }

    #[tokio::test]
    async fn a_run_that_is_about_to_begin_is_cancelled_when_it_has_begun() {
        let slow = format!("{PAUSE}{PAUSE}{}", run_event(&run("queued")));
        for reply in [
            streamed(&slow),
            slowly(&streamed(&run_event(&run("queued")))),
        ] {
            let server = Server::start([format!("{reply}{STALL}"), cancelling()]).await;
            let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
            let call = follow(&server.client())
                .cancel_run(true)
                .cancel_on(given_up);
            let work = tokio::spawn(async move {
                match call.stream().await {
                    Ok(stream) => stream.finish().await.map(drop),
                    Err(error) => Err(error),
                }
            });
            until(|| server.requests().len() == 1).await;
            give_up.send(()).unwrap();
            let error = work.await.unwrap().expect_err("it is given up");
            assert!(error.is_cancelled() && error.is_run_cancelled(), "{error}");
            assert!(cancelled(&server));
        }
    }

    #[tokio::test]
    async fn an_ended_run_needs_no_deadline() {
        let events = format!("{}{STALL}", completed());
        let server = Server::start([streamed(&events)]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let mut stream = follow(&client).stream().await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        clock.pass();
        let begun = clock.timeouts().len();
        let work = tokio::spawn(stream.finish());
        until(|| clock.timeouts().len() > begun).await;
        assert_eq!(clock.timeouts().last(), Some(&Duration::from_secs(5)));
        clock.pass();
        let outcome = work.await.unwrap().expect("it has ended");
        assert_eq!(outcome.run.status.as_str(), "completed");
    }

    #[tokio::test]
    async fn what_comes_behind_the_end_of_a_run_is_late() {
        let events = [completed(), run_event(&run("in_progress")), DONE.into()];
        let server = Server::start([streamed(&events.concat())]).await;
        let stream = follow(&server.client()).stream().await.unwrap();
        let outcome = stream.finish().await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
    }

    #[tokio::test]
    async fn a_stream_that_is_done_before_its_run_ended_early() {
        let events = [run_event(&run("in_progress")), DONE.into()];
        let server = Server::start([streamed(&events.concat())]).await;
        let mut stream = follow(&server.client()).stream().await.unwrap();
        let (names, error) = rest(&mut stream).await;
        assert_eq!(names, ["thread.run.in_progress", "done"]);
        let error = error.expect("the run goes on");
        assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
        let error = stream.finish().await.expect_err("it is no outcome");
        assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
    }

    #[tokio::test]
    async fn an_error_does_not_keep_the_rest_from_being_read() {
        let events = [
            event("thread.message.delta", &json!([])),
            completed(),
            DONE.into(),
        ];
        let server = Server::start([streamed(&events.concat())]).await;
        let call = follow(&server.client()).cancel_run(true);
        let stream = call.stream().await.unwrap();
        assert!(
            stream
                .finish()
                .await
                .expect_err("it is no delta")
                .is_decode()
        );
        assert!(!cancelled(&server), "the run had ended");
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
            assert_eq!(stream.take_tool_calls().len(), 2, "one in each round");
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
        async fn tools_are_not_kept_waiting_by_a_server_that_does_not_close() {
            let waits = run_event(&waiting(&[("call_1", "greet", "{}")]));
            let done = streamed(&[completed(), DONE.into()].concat());
            let server = Server::start([streamed(&format!("{waits}{STALL}")), done]).await;
            let clock = TestClock::default();
            let client = server.builder(&clock).build().unwrap();
            let stream = follow(&client).tools(&tools()).stream().await.unwrap();
            let work = tokio::spawn(stream.finish());
            let grace = Duration::from_secs(5);
            until(|| clock.timeouts().contains(&grace)).await;
            clock.pass_only(grace);
            let outcome = work.await.unwrap().expect("the tools went on");
            assert_eq!(outcome.run.status.as_str(), "completed");
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
