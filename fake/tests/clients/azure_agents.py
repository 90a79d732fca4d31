"""The client of Azure AI Foundry Agents (PyPI: azure-ai-agents) in a whole conversation.

    cargo run -p openai-assistants-fake -- --foundry --port 4010 --script fake/tests/clients/foundry.json
    PROJECT_ENDPOINT=http://127.0.0.1:4010/api/projects/fake python fake/tests/clients/azure_agents.py

An agent with a vector store, an MCP server and a function: a file is uploaded and indexed, an MCP
call is approved, the function is called in a stream, both are called at once, and the run steps are
read.
"""

import os
import tempfile
from importlib.metadata import version
from pathlib import Path

from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    FilePurpose,
    FileSearchTool,
    FunctionTool,
    ListSortOrder,
    McpTool,
    MessageDeltaChunk,
    RequiredMcpToolCall,
    RunStatus,
    SubmitToolApprovalAction,
    SubmitToolOutputsAction,
    ThreadRun,
    ToolApproval,
    ToolOutput,
)
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy


class Credential:
    """Not used: the policy below authenticates."""

    def get_token(self, *scopes, **options):
        return AccessToken("token", 4_000_000_000)


class Bearer(SansIOHTTPPolicy):
    """Sends a token over plain HTTP, which the policy of the client refuses."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer " + os.environ.get("OPENAI_API_KEY", "token")


def get_weather(city: str) -> str:
    """Returns the weather in a city.

    :param city: The city.
    """
    return f"12 degrees in {city}"


def client(**options):
    return AgentsClient(
        endpoint=os.environ["PROJECT_ENDPOINT"],
        credential=Credential(),
        authentication_policy=Bearer(),
        **options,
    )


def wait(agents, run):
    while run.status in (RunStatus.QUEUED, RunStatus.IN_PROGRESS):
        run = agents.runs.get(thread_id=run.thread_id, run_id=run.id)
    return run


def last_text(agents, thread):
    message = agents.messages.get_last_message_text_by_role(thread_id=thread.id, role="assistant")
    return message.text


def main():
    agents = client()

    # A file and a vector store.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prices.md"
        path.write_text("# Prices\nA ticket is 20 euros.\n")
        file = agents.files.upload_and_poll(file_path=str(path), purpose=FilePurpose.AGENTS)
    assert (file.filename, file.status) == ("prices.md", "processed"), file
    store = agents.vector_stores.create_and_poll(file_ids=[file.id], name="prices")
    assert (store.status, store.file_counts.completed) == ("completed", 1), store
    assert [item.id for item in agents.vector_store_files.list(store.id)] == [file.id]

    # An agent with three tools.
    search = FileSearchTool(vector_store_ids=[store.id])
    function = FunctionTool({get_weather})
    mcp = McpTool(server_label="docs", server_url="https://example.com/mcp", allowed_tools=["lookup"])
    mcp.update_headers("x-secret", "hush")
    agent = agents.create_agent(
        model="gpt-4o",
        name="Guide",
        instructions="Help visitors.",
        tools=search.definitions + function.definitions + mcp.definitions,
        tool_resources=search.resources,
    )
    assert [tool.type for tool in agents.get_agent(agent.id).tools] == ["file_search", "function", "mcp"]
    assert [item.id for item in agents.list_agents()] == [agent.id]

    # The first run searches the file.
    thread = agents.threads.create()
    agents.messages.create(thread_id=thread.id, role="user", content="What is a ticket?")
    run = wait(agents, agents.runs.create(thread_id=thread.id, agent_id=agent.id, tool_resources=mcp.resources))
    assert run.status == RunStatus.COMPLETED, run
    text = last_text(agents, thread)
    [citation] = text.annotations
    assert text.value == f"A ticket is 20 euros.{citation.text}", text
    assert citation.file_citation.file_id == file.id
    print(text.value)

    # The second calls an MCP server, which is approved.
    agents.messages.create(thread_id=thread.id, role="user", content="When does it open?")
    run = wait(agents, agents.runs.create(thread_id=thread.id, agent_id=agent.id, tool_resources=mcp.resources))
    assert isinstance(run.required_action, SubmitToolApprovalAction), run
    [call] = run.required_action.submit_tool_approval.tool_calls
    assert isinstance(call, RequiredMcpToolCall) and (call.server_label, call.name) == ("docs", "lookup"), call
    approval = ToolApproval(tool_call_id=call.id, approve=True, headers=mcp.headers)
    run = agents.runs.submit_tool_outputs(thread_id=thread.id, run_id=run.id, tool_approvals=[approval])
    run = wait(agents, run)
    assert run.status == RunStatus.COMPLETED, run
    assert last_text(agents, thread).value == "It opens at nine."

    # The third calls a function, in a stream.
    agents.messages.create(thread_id=thread.id, role="user", content="And the weather in Oslo?")
    with agents.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
        for _, data, _ in stream:
            if isinstance(data, ThreadRun):
                run = data
    assert isinstance(run.required_action, SubmitToolOutputsAction), run
    calls = run.required_action.submit_tool_outputs.tool_calls
    outputs = [ToolOutput(tool_call_id=call.id, output=function.execute(call)) for call in calls]
    assert outputs[0].output == "12 degrees in Oslo", outputs
    run = agents.runs.submit_tool_outputs(thread_id=thread.id, run_id=run.id, tool_outputs=outputs)
    assert wait(agents, run).status == RunStatus.COMPLETED
    assert last_text(agents, thread).value == "It is 12 degrees."

    # The fourth is streamed to its end.
    agents.messages.create(thread_id=thread.id, role="user", content="Thanks")
    text = ""
    with agents.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
        for _, data, _ in stream:
            if isinstance(data, MessageDeltaChunk):
                text += data.text
    assert text == "You are welcome.", text

    # The fifth calls an MCP server and a function in one action.
    agents.messages.create(thread_id=thread.id, role="user", content="How do I get there?")
    run = wait(agents, agents.runs.create(thread_id=thread.id, agent_id=agent.id, tool_resources=mcp.resources))
    assert isinstance(run.required_action, SubmitToolApprovalAction), run
    lookup, weather = run.required_action.submit_tool_approval.tool_calls
    assert (lookup.type, weather.type) == ("mcp", "function"), run
    # The parameters would send either of them.
    body = {
        "tool_outputs": [{"tool_call_id": weather.id, "output": "12 degrees"}],
        "tool_approvals": [{"tool_call_id": lookup.id, "approve": True}],
    }
    run = agents.runs.submit_tool_outputs(thread_id=thread.id, run_id=run.id, body=body)
    assert wait(agents, run).status == RunStatus.COMPLETED
    assert last_text(agents, thread).value == "Take line 5."

    # Run steps, and lists.
    steps = []
    for run in agents.runs.list(thread_id=thread.id, order=ListSortOrder.ASCENDING):
        assert run.agent_id == agent.id
        for step in agents.run_steps.list(thread_id=thread.id, run_id=run.id, order=ListSortOrder.ASCENDING):
            details = step.step_details
            calls = getattr(details, "tool_calls", None)
            steps.append(calls[0].type if calls else details.type)
    assert steps == [
        "file_search",
        "message_creation",
        "activities",
        "mcp",
        "message_creation",
        "function",
        "message_creation",
        "message_creation",
        "activities",
        "mcp",
        "message_creation",
    ], steps
    assert len(list(agents.messages.list(thread_id=thread.id, limit=2))) == 10
    assert [item.id for item in agents.threads.list()] == [thread.id]

    # Errors.
    try:
        agents.threads.get("thread_missing")
        raise AssertionError("the unknown thread was found")
    except HttpResponseError as error:
        assert error.status_code == 404, error

    agents.vector_stores.delete(store.id)
    agents.files.delete(file.id)
    agents.threads.delete(thread.id)
    agents.delete_agent(agent.id)
    print(f"azure-ai-agents {version('azure-ai-agents')}: all checks passed")


if __name__ == "__main__":
    main()
