"""The official Python client (PyPI: openai 3.x) in a conversation with the fake server.

    cargo run -p openai-assistants-fake -- --port 4010 --script fake/tests/clients/conversation.json
    OPENAI_BASE_URL=http://127.0.0.1:4010/v1 OPENAI_API_KEY=fake-key python fake/tests/clients/python_client.py

The script validates the objects that the client builds from responses, since the client does
not.
"""

import json
import warnings

import openai
from openai import OpenAI
from pydantic import BaseModel

warnings.filterwarnings("ignore", category=DeprecationWarning)

CITIES = {"Oslo": "12", "Rome": "21", "Bern": "17"}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def valid(model):
    """Raises if an object does not match its type. The client itself accepts anything."""
    assert isinstance(model, BaseModel), model
    type(model).model_validate(model.to_dict(), strict=False)
    return model


def outputs(run):
    calls = run.required_action.submit_tool_outputs.tool_calls
    assert all(call.function.name == "get_weather" for call in calls)
    return [
        {"tool_call_id": call.id, "output": CITIES[json.loads(call.function.arguments)["city"]]}
        for call in calls
    ]


def text_of(messages):
    return messages[0].content[0].text.value


def follow(events):
    """Reads a stream to its end. Returns the names of its events, the text and the last run."""
    names, text, run = [], "", None
    for event in events:
        names.append(event.event)
        valid(event.data)
        if event.event == "thread.message.delta":
            for part in event.data.delta.content:
                text += part.text.value or ""
        if event.event.startswith("thread.run.") and ".step." not in event.event:
            run = event.data
    return names, text, run


def main():
    client = OpenAI()
    beta = client.beta

    assistant = valid(beta.assistants.create(model="gpt-4o", name="Weather", tools=[TOOL]))
    assistant = valid(beta.assistants.update(assistant.id, metadata={"by": "python"}))
    assert assistant.metadata == {"by": "python"} and assistant.name == "Weather"
    assert valid(beta.assistants.retrieve(assistant.id)).id == assistant.id

    # The first run is polled.
    thread = valid(beta.threads.create(messages=[{"role": "user", "content": "Hi"}]))
    run = valid(beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id))
    assert run.status == "completed" and run.usage.total_tokens > 0
    messages = beta.threads.messages.list(thread.id, run_id=run.id)
    assert text_of(messages.data) == "Hello, I tell the weather."

    # The second run is streamed, with parallel calls.
    beta.threads.messages.create(thread.id, role="user", content="Oslo or Rome?")
    names, _, run = follow(
        beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True)
    )
    assert names[0] == "thread.run.created" and names[-1] == "thread.run.requires_action", names
    try:
        beta.threads.messages.create(thread.id, role="user", content="Well?")
        raise AssertionError("a message was accepted while a run is active")
    except openai.BadRequestError as error:
        assert run.id in str(error), error
    names, text, run = follow(
        beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=thread.id, tool_outputs=outputs(run), stream=True
        )
    )
    assert (text, run.status) == ("Rome is warmer [1].", "completed"), (text, run)
    assert names[0] == "thread.run.step.completed", names

    # The third run uses the accumulation of the client.
    beta.threads.messages.create(thread.id, role="user", content="And Bern?")
    with beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
        run = stream.current_run
    with beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread.id, tool_outputs=outputs(run)
    ) as stream:
        final = stream.get_final_messages()
        steps = stream.get_final_run_steps()
    assert text_of(final) == "Bern is in between."
    # The client keeps a step as it was created, so its status is not final.
    assert "message_creation" in [step.type for step in steps], steps

    # Pagination.
    stored = [valid(message) for message in beta.threads.messages.list(thread.id, limit=2, order="asc")]
    assert [message.role for message in stored] == ["user", "assistant"] * 3
    assert stored[3].content[0].text.annotations[0].text == "[1]"
    runs = [valid(run) for run in beta.threads.runs.list(thread.id, limit=1)]
    assert [run.status for run in runs] == ["completed"] * 3
    for run in runs:
        for step in beta.threads.runs.steps.list(run.id, thread_id=thread.id, limit=1):
            valid(step)

    # Errors.
    try:
        beta.threads.retrieve("thread_missing")
        raise AssertionError("the unknown thread was found")
    except openai.NotFoundError as error:
        assert error.request_id and error.type == "invalid_request_error", error

    assert valid(beta.threads.delete(thread.id)).deleted
    assert valid(beta.assistants.delete(assistant.id)).deleted
    print(f"openai {openai.__version__} for Python: all checks passed")


if __name__ == "__main__":
    main()
