"""Reports of a wrong region, host or workspace."""

from __future__ import annotations

from safe_langsmith import Cause
from safe_langsmith.testing import Reply

from .. import calls
from ..case import Cases, Helps
from ..machine import Machine

CASES = Cases()
NO_REGION_IN_A_KEY = (
    "A key does not show its region, nothing else on the machine does, and the library sends a key to no other region. "
    "So the diagnosis lists the region as one of the reasons, and as the first fix."
)


@CASES.add("LS-001", Cause.KEY_REJECTED, untold=NO_REGION_IN_A_KEY, call=calls.list_projects)
def made_in_apac(m: Machine) -> None:
    """A key created in APAC; no endpoint set."""
    m.dotenv(LANGSMITH_API_KEY=m.sign_up("APAC").personal_key(), LANGCHAIN_TRACING_V2="true", LANGCHAIN_PROJECT="p")
    m.load_dotenv()


@CASES.add("LS-003", Cause.KEY_REJECTED, untold=NO_REGION_IN_A_KEY)
def made_in_the_eu(m: Machine) -> None:
    """A key created in the EU; no endpoint set."""
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key(), LANGSMITH_TRACING="true")


@CASES.add("LS-005", Cause.WRONG_REGION)
def endpoint_set_too_late(m: Machine) -> None:
    """A key created in the EU; `LANGSMITH_ENDPOINT` names the EU, but was set after the client was created."""
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key(), LANGSMITH_TRACING="true")
    m.running = m.client()
    m.set(LANGSMITH_ENDPOINT="https://eu.api.smith.langchain.com")


@CASES.add("LS-007", Cause.KEY_REJECTED, untold=NO_REGION_IN_A_KEY)
def container_without_endpoint(m: Machine) -> None:
    """A key created in the EU, in a container; no endpoint set."""
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").workspace_key(), LANGSMITH_TRACING="true", LANGSMITH_PROJECT="p")


@CASES.add("LS-009", Cause.WRONG_REGION)
def endpoint_ignored_by_an_integration(m: Machine) -> None:
    """A key created in the EU; `LANGSMITH_ENDPOINT` names the EU, but an integration uses the US endpoint."""
    m.set(LANGSMITH_API_KEY=m.sign_up("EU").personal_key(), LANGSMITH_TRACING="true")
    m.set(LANGSMITH_ENDPOINT="https://eu.api.smith.langchain.com")
    m.arguments["api_url"] = "https://api.smith.langchain.com"


@CASES.add("LS-011", Cause.KEY_REJECTED, untold=NO_REGION_IN_A_KEY, call=calls.pull_prompt)
def prompt_asked_for_in_the_us(m: Machine) -> None:
    """A key and a prompt created in the EU; the program pulls the prompt from the US, which answers 400."""
    account = m.sign_up("EU")
    account.save_prompt(calls.PROMPT)
    m.dotenv(LANGCHAIN_API_KEY=account.personal_key())
    m.load_dotenv()
    unknown = Reply(400, {"detail": "No prompt owner specified"})
    m.network["api.smith.langchain.com"].fault("GET", f"/commits/-/{calls.PROMPT}/latest", unknown, times=None)


@CASES.add("LS-013", Cause.WRONG_ENDPOINT)
def web_ui_as_endpoint(m: Machine) -> None:
    """`LANGCHAIN_ENDPOINT` names the EU's web UI, which answers 405 in HTML."""
    key = m.sign_up("EU").personal_key()
    m.dotenv(LANGCHAIN_API_KEY=key, LANGCHAIN_ENDPOINT="https://eu.smith.langchain.com/", LANGCHAIN_TRACING_V2="true")
    m.load_dotenv()


@CASES.add("LS-014", Cause.WORKSPACE_REQUIRED, retries=True)
def bare_refusal(m: Machine) -> None:
    """An organization's key and no workspace in AWS US; the answer is a bare 403."""
    server = m.network.add("aws.api.smith.langchain.com", says_workspace_required=False)
    key = m.sign_up("AWS", server=server).organization_key()
    m.set(LANGSMITH_API_KEY=key, LANGSMITH_TRACING="true", LANGSMITH_ENDPOINT="https://aws.api.smith.langchain.com")


@CASES.add("LS-021", Cause.WORKSPACE_REQUIRED, retries=True)
def says_so(m: Machine) -> None:
    """An organization's key in `LANGCHAIN_API_KEY` and no workspace; the answer says so."""
    m.set(LANGCHAIN_API_KEY=m.sign_up().organization_key(), LANGCHAIN_TRACING_V2="true", LANGCHAIN_PROJECT="p")
    message = (
        "This API key is org-scoped and requires workspace specification. Please provide 'workspaceId' parameter, "
        "or set LANGSMITH_WORKSPACE_ID ... You may also want to upgrade your LangSmith SDK ..."
    )
    body = f'{{"error":"org_scoped_key_requires_workspace","message":"{message}"}}\n'
    for path in ("/runs", "/runs/multipart"):
        m.refuse(path, Reply(403, body), times=1)


@CASES.add("LS-024", Cause.WORKSPACE_REQUIRED, retries=True)
def dotenv_without_workspace(m: Machine) -> None:
    """An organization's key and no workspace in a `.env` file."""
    m.dotenv(LANGSMITH_API_KEY=m.sign_up().organization_key(), LANGSMITH_TRACING="true")
    m.load_dotenv()


@CASES.add("LS-026", Cause.WORKSPACE_REQUIRED, retries=True)
def service_without_workspace(m: Machine) -> None:
    """An organization's key and no workspace in a service's environment."""
    m.set(LANGSMITH_API_KEY=m.sign_up().organization_key(), LANGSMITH_TRACING="true")


@CASES.add("LS-028", Cause.WORKSPACE_REQUIRED, retries=True)
def self_hosted_without_workspace(m: Machine) -> None:
    """An organization's key and no workspace, at a self-hosted instance."""
    server = m.network.add("langsmith.example.com", "/api")
    key = m.sign_up(host="langsmith.example.com", server=server).organization_key()
    m.set(LANGSMITH_API_KEY=key, LANGSMITH_ENDPOINT="https://langsmith.example.com/api", LANGSMITH_TRACING="true")


@CASES.add("LS-030", Cause.WORKSPACE_REQUIRED, call=calls.list_sandboxes)
def sandbox_without_workspace(m: Machine) -> None:
    """An organization's key and `LANGSMITH_WORKSPACE_ID`, which the SDK's `SandboxClient` does not send."""
    from langsmith.sandbox import SandboxClient

    account = m.sign_up()
    m.set(
        LANGSMITH_API_KEY=account.organization_key(),
        LANGSMITH_WORKSPACE_ID=account.workspaces[0].id,
        LANGSMITH_ENDPOINT=account.server.url,
    )
    m.running = SandboxClient(max_retries=0)


@CASES.add("LS-023", Cause.WORKSPACE_NOT_ACCESSIBLE)
def organization_as_workspace(m: Machine) -> None:
    """An organization's key; `LANGSMITH_WORKSPACE_ID` holds the ID of the organization, from a URL."""
    account = m.sign_up()
    m.set(LANGSMITH_API_KEY=account.organization_key(), LANGSMITH_WORKSPACE_ID=account.organization_id)
    m.set(LANGSMITH_TRACING="true")


@CASES.add(
    "LS-180",
    call=calls.get_prompt,
    helps=Helps.NONE,
    untold="The key works. The prompt belongs to another workspace, and the answer is a 400, so nothing is refused.",
)
def prompt_of_another_workspace(m: Machine) -> None:
    """A key of one workspace; the program pulls a prompt of another one, and the answer is a 400."""
    m.set(LANGSMITH_API_KEY=m.sign_up().workspace_key())
    m.refuse(f"/repos/-/{calls.PROMPT}", Reply(400, {"detail": "No prompt owner specified"}))


@CASES.add("LS-042", Cause.WORKSPACE_ID_MALFORMED, call=calls.list_projects)
def workspace_one(m: Machine) -> None:
    """A service key; `LANGCHAIN_WORKSPACE_ID=1`, and the answer is a 401."""
    m.set(LANGCHAIN_API_KEY=m.sign_up().organization_key(), LANGCHAIN_WORKSPACE_ID="1")
