"""The official Python client (PyPI: openai 3.x): files, vector stores, and a run that cites.

    cargo run -p openai-assistants-fake -- --port 4010
    OPENAI_BASE_URL=http://127.0.0.1:4010/v1 OPENAI_API_KEY=fake-key python fake/tests/clients/python_files.py
"""

import io
import warnings

import openai
from openai import OpenAI
from python_client import valid

warnings.filterwarnings("ignore", category=DeprecationWarning)

PRICES = "# Prices\nA ticket for adults is 20 euros.\nChildren are free.\n"


def text_file(name, text):
    return (name, io.BytesIO(text.encode()))


def main():
    client = OpenAI()
    stores = client.vector_stores

    # Files.
    file = valid(client.files.create(file=text_file("prices.md", PRICES), purpose="assistants"))
    assert (file.filename, file.bytes) == ("prices.md", len(PRICES)), file
    assert client.files.content(file.id).text == PRICES
    expiring = valid(
        client.files.create(
            file=text_file("old.md", "old"),
            purpose="user_data",
            expires_after={"anchor": "created_at", "seconds": 3600},
        )
    )
    assert expiring.expires_at == expiring.created_at + 3600
    assert [valid(item).id for item in client.files.list(purpose="assistants", limit=1)] == [file.id]
    try:
        client.files.create(file=text_file("a.md", "a"), purpose="world_domination")
        raise AssertionError("the unknown purpose was accepted")
    except openai.BadRequestError as error:
        assert error.param == "purpose", error
    assert client.files.delete(expiring.id).deleted

    # A vector store, filled by each of the helpers.
    store = valid(stores.create(name="Docs", file_ids=[file.id]))
    weather = stores.files.upload_and_poll(
        vector_store_id=store.id,
        file=text_file("weather.md", "It rains in Bergen."),
        attributes={"year": 2024},
    )
    assert valid(weather).status == "completed" and weather.usage_bytes > 0, weather
    batch = stores.file_batches.upload_and_poll(
        store.id,
        files=[text_file("hours.md", "The museum opens at nine."), text_file("map.png", "x")],
    )
    assert valid(batch).status == "completed", batch
    assert (batch.file_counts.completed, batch.file_counts.failed) == (1, 1), batch
    failed = [valid(item) for item in stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="failed")]
    assert [item.last_error.code for item in failed] == ["unsupported_file"], failed
    store = valid(stores.retrieve(store.id))
    assert (store.status, store.file_counts.completed) == ("completed", 3), store

    # Search.
    page = stores.search(store.id, query="Does it rain? Or: where are tickets free for adults?", max_num_results=2)
    assert [valid(result).filename for result in page] == ["prices.md"], page
    recent = {"type": "gte", "key": "year", "value": 2024}
    page = stores.search(store.id, query="Bergen ticket", filters=recent)
    assert [result.filename for result in page] == ["weather.md"], page

    # A run that searches and cites.
    assistant = client.beta.assistants.create(
        model="gpt-4o",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "What is a ticket for adults?"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed", run
    message = client.beta.threads.messages.list(thread.id, run_id=run.id).data[0]
    text = valid(message).content[0].text
    [citation] = text.annotations
    assert text.value[citation.start_index : citation.end_index] == citation.text, text
    cited = client.files.retrieve(citation.file_citation.file_id)
    print(f"{text.value} ({cited.filename})")
    assert cited.id == file.id
    include = ["step_details.tool_calls[*].file_search.results[*].content"]
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id, include=include, order="asc")
    search = valid(steps.data[0]).step_details.tool_calls[0].file_search
    assert search.results[0].content[0].text == PRICES.strip(), search

    # An attachment is searched too.
    attached = client.files.create(file=text_file("dogs.md", "Dogs are not allowed."), purpose="assistants")
    client.beta.threads.messages.create(
        thread.id,
        role="user",
        content="Are dogs allowed?",
        attachments=[{"file_id": attached.id, "tools": [{"type": "file_search"}]}],
    )
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    [message] = client.beta.threads.messages.list(thread.id, run_id=run.id).data
    assert message.content[0].text.annotations[0].file_citation.file_id == attached.id, message

    assert stores.files.delete(weather.id, vector_store_id=store.id).deleted
    assert stores.delete(store.id).deleted
    for id in [file.id, weather.id, attached.id]:
        assert client.files.delete(id).deleted
    print(f"openai {openai.__version__} for Python: files and vector stores passed")


if __name__ == "__main__":
    main()
