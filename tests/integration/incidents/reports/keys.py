"""Reports of keys that are malformed, old, missing, or not the intended ones."""

from __future__ import annotations

from types import SimpleNamespace

from safe_langsmith import Cause
from safe_langsmith.testing import Reply

from ..case import Cases, Helps
from ..machine import Machine

CASES = Cases()
DEAD_OR_FOREIGN = (
    "LangSmith answers alike for a revoked key, an expired key and a key of another region. The diagnosis lists all "
    "three. Its first fix is another region's endpoint, which costs nothing to try, and its last fix is a new key."
)
BATCHES = {"batch_ingest_config": {"use_multipart_endpoint": False}}


@CASES.add("LS-050", Cause.KEY_MALFORMED)
def code_as_key(m: Machine) -> None:
    """`LANGCHAIN_API_KEY` holds the text `userdata.get('langsmith_api_key')`, as a notebook's `%env` sets it."""
    m.sign_up(server=m.network.add("api.smith.langchain.com", info=BATCHES))
    m.set(
        LANGCHAIN_TRACING_V2="true",
        LANGCHAIN_ENDPOINT='"https://api.smith.langchain.com"',
        LANGCHAIN_API_KEY="userdata.get('langsmith_api_key')",
    )
    for path in ("/runs", "/runs/batch"):
        m.refuse(path, Reply(403, {"detail": "Forbidden"}), times=1)


@CASES.add("LS-052", Cause.KEY_MALFORMED)
def placeholder_in_dotenv(m: Machine) -> None:
    """The `.env` file still holds the placeholder `<your-api-key>`."""
    m.sign_up()
    m.dotenv(LANGSMITH_API_KEY="<your-api-key>", LANGSMITH_TRACING="true")
    m.load_dotenv()


@CASES.add("LS-054", Cause.KEY_MALFORMED)
def truncated(m: Machine) -> None:
    """`LANGCHAIN_API_KEY` holds the first 30 characters of a key."""
    m.dotenv(LANGCHAIN_API_KEY=m.sign_up().personal_key()[:30], LANGCHAIN_TRACING_V2="true")
    m.load_dotenv()


@CASES.add("LS-056", Cause.KEY_MALFORMED, offers="Or turn tracing off")
def placeholder(m: Machine) -> None:
    """`LANGCHAIN_API_KEY=your-langsmith-api-key`."""
    m.sign_up()
    m.set(LANGCHAIN_API_KEY="your-langsmith-api-key", LANGCHAIN_TRACING_V2="true")


@CASES.add("LS-058", Cause.KEY_MALFORMED)
def first_letter_lost(m: Machine) -> None:
    """A key without its first letter, so that it begins with `sv2_pt_`."""
    key = m.sign_up().personal_key()
    m.set(LANGCHAIN_API_KEY=key[1:], LANGCHAIN_TRACING_V2="true")
    m.set(LANGCHAIN_ENDPOINT="https://api.smith.langchain.com")


@CASES.add("LS-060", Cause.KEY_REJECTED, untold=DEAD_OR_FOREIGN, helps=Helps.LATER)
def left_over(m: Machine) -> None:
    """A revoked key that is still in the host's variables."""
    m.set(LANGSMITH_API_KEY=m.sign_up().dead_key(), LANGCHAIN_TRACING_V2="true")


@CASES.add("LS-062", Cause.KEY_REJECTED, untold=DEAD_OR_FOREIGN, helps=Helps.LATER)
def expired(m: Machine) -> None:
    """An expired key."""
    m.set(LANGSMITH_API_KEY=m.sign_up().dead_key(), LANGSMITH_TRACING="true")


@CASES.add("LS-063", Cause.STALE_ENVIRONMENT)
def notebook_keeps_the_old_key(m: Machine) -> None:
    """A notebook's client was created with a key that was revoked later; the variable now holds the new key."""
    account = m.sign_up()
    m.set(LANGCHAIN_API_KEY=account.dead_key(), LANGCHAIN_TRACING_V2="true")
    m.set(LANGCHAIN_ENDPOINT="https://api.smith.langchain.com")
    m.running = m.client()
    m.set(LANGCHAIN_API_KEY=account.personal_key())


@CASES.add("LS-071", Cause.KEY_MISSING)
def names_not_read(m: Machine) -> None:
    """No key variable is set when the client is created; `LANGSMITH_API_KEY` is set afterwards."""
    key = m.sign_up().personal_key()
    m.set(LANGSMITH_TRACING="true")
    m.running = m.client()
    m.set(LANGSMITH_API_KEY=key)
    m.refuse("/runs/multipart", Reply(401, {"detail": "Invalid token"}), times=1)


@CASES.add("LS-075", Cause.STALE_ENVIRONMENT)
def environ_set_too_late(m: Machine) -> None:
    """The shell holds an old key; the program sets the right one after the import that created the client."""
    account = m.sign_up()
    m.set(LANGSMITH_API_KEY=account.dead_key(), LANGSMITH_TRACING="true")
    m.running = m.client()
    m.set(LANGSMITH_API_KEY=account.personal_key())


@CASES.add("LS-072", Cause.KEY_LEGACY)
def legacy_key_from_another_variable(m: Machine) -> None:
    """`LANGCHAIN_API_KEY` holds an `ls__` key when the client is created; `.env` sets another one afterwards."""
    m.dotenv(LANGSMITH_API_KEY=m.sign_up().personal_key())
    m.set(LANGCHAIN_API_KEY="ls__0123456789abcdef0123456789abcdef", LANGCHAIN_TRACING_V2="true")
    m.running = m.client()
    m.load_dotenv()


@CASES.add("LS-074", Cause.KEY_MISSING)
def not_forwarded(m: Machine) -> None:
    """A program traces in a container that has none of the other variables."""
    m.sign_up()
    m.set(LANGSMITH_TRACING="true")


@CASES.add("LS-081", Cause.KEY_MISSING, offers="LANGSMITH_OTEL_ONLY=true")
def hybrid(m: Machine) -> None:
    """No key; `LANGSMITH_OTEL_ENABLED=true`, which also sends to LangSmith."""
    m.sign_up()
    exporter = SimpleNamespace(export_batch=lambda *_: None)
    provider = SimpleNamespace(get_tracer=lambda _: None)
    otel = SimpleNamespace(
        get_tracer_provider=lambda: provider, get_current_span=lambda: None, ProxyTracerProvider=type(None)
    )
    parts = (otel, lambda span: None, lambda: provider, lambda tracer_provider: exporter)
    m.patch.setattr("langsmith.client._import_otel", lambda: parts)
    m.set(LANGSMITH_TRACING="true", LANGSMITH_OTEL_ENABLED="true")


@CASES.add("LS-083", Cause.KEY_MISSING, offers="Or turn tracing off")
def no_key(m: Machine) -> None:
    """No key; `LANGCHAIN_TRACING=true`."""
    m.sign_up()
    m.set(LANGCHAIN_TRACING="true")


@CASES.add("LS-085", Cause.KEY_MISSING)
def no_key_in_a_notebook(m: Machine) -> None:
    """No key, in a notebook; the answer is a 401, "Invalid token"."""
    m.sign_up()
    m.set(LANGCHAIN_TRACING_V2="true")
    m.refuse("/runs/multipart", Reply(401, {"detail": "Invalid token"}), times=1)
