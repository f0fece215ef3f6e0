"""Configurations: what the machine says and what was asked of LangSmith, which a client knows for sure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, Literal

from worlds.world import ABROAD, ACME, FOREIGN, GONE, RESEARCH, SUPPORT, Host, World

from safe_langsmith._core.model import Successes
from safe_langsmith._core.needs import Need
from safe_langsmith._core.settings import Dotenv, DotenvLine

US, EU = "https://api.smith.langchain.com", "https://eu.api.smith.langchain.com"
_SECRET = "c0ffeec0ffee00000000000000000000"
_NEWER = f"lsv2_pt_{_SECRET}_0000005678"


class Key(Enum):
    """The key in use."""

    PERSONAL = f"lsv2_pt_{_SECRET}_0000001234"
    SERVICE = f"lsv2_sk_{_SECRET}_0000004321"
    PLACEHOLDER = "<your-api-key>"
    LEGACY = "ls__0123456789abcdef0123"
    CUT = "lsv2_pt_c0ffee"
    CUT_BY_A_FEW = f"lsv2_pt_{_SECRET}_0000001"
    DUMMY = "dummy"
    SECRETS_NAME = "op://Private/LangSmith/credential"
    MISSING = None


class Endpoint(Enum):
    """The endpoint in use."""

    US = US
    EU = EU
    WEB_PAGE = "https://smith.langchain.com"
    SELF_HOSTED = "https://langsmith.acme.example/api/v1"
    SELF_HOSTED_ROOT = "https://langsmith.acme.example"
    DEPLOYMENT = "https://agent-0123.us.langgraph.app"

    @property
    def is_of_the_cloud(self) -> bool:
        """Whether it is known to be LangSmith's API."""
        return self in (Endpoint.US, Endpoint.EU)

    def host(self, told: Host) -> Host:
        """Returns what answers there: as a world tells, unless the name of the host leaves no doubt."""
        if self is Endpoint.SELF_HOSTED_ROOT:
            return told
        if self is Endpoint.WEB_PAGE:
            return told if told is Host.PAGE_THAT_REFUSES else Host.PAGE
        if self is Endpoint.DEPLOYMENT:
            return told if told in (Host.AGENT_SERVER_WITH_TOKENS, Host.AGENT_SERVER_CLOSED) else Host.AGENT_SERVER
        return Host.LANGSMITH


NOT_A_UUID = "Research"
NAMED = (None, RESEARCH, SUPPORT, ABROAD, GONE, FOREIGN, ACME, NOT_A_UUID)

Operation = tuple[str, str]
OPERATIONS: tuple[Operation | None, ...] = (
    ("GET", "/sessions"),
    ("POST", "/sessions"),
    ("POST", "/runs/multipart"),
    ("POST", "/v2/runs/query"),
    ("GET", "/new-thing"),
    None,
)


NEEDS = ((), ("runs:create",), ("projects:create", "runs:create"))


@dataclass(frozen=True)
class Configuration:
    """What the machine says, and what was asked.

    Attributes:
        key: The key in use.
        given: Whether it was given as an argument, or comes from a variable.
        named: The workspace that was named.
        newer_key: Where another key is found by now.
        region_named: The region that another variable names.
        look_alike: The workspace that LANGSMITH_TENANT_ID names.
        newer_named: The workspace that `.env` names by now.
        successes: What the key has done here before in this process.
        endpoint: The endpoint in use.
        operation: The request, or `None` where nothing was asked yet.
        needs: The permissions that the program will need, where nothing was asked yet.
    """

    key: Key = Key.PERSONAL
    given: bool = False
    named: str | None = None
    newer_key: Literal["environment", ".env"] | None = None
    region_named: Literal["US", "EU"] | None = None
    look_alike: str | None = None
    newer_named: str | None = None
    successes: Literal["read", "wrote"] | None = None
    endpoint: Endpoint = Endpoint.US
    operation: Operation | None = OPERATIONS[0]
    needs: tuple[str, ...] = ()

    @property
    def is_well_formed(self) -> bool:
        """Whether the key could be one of LangSmith's."""
        return self.key in (Key.PERSONAL, Key.SERVICE)

    @property
    def described(self) -> dict[str, Any]:
        """The arguments of `describe_refusal`, apart from the answer."""
        environ = {"LANGSMITH_API_KEY": _NEWER} if self.newer_key == "environment" else {}
        if self.region_named:
            environ["LANGCHAIN_ENDPOINT"] = {"US": US, "EU": EU}[self.region_named]
        if self.look_alike:
            environ["LANGSMITH_TENANT_ID"] = self.look_alike
        lines = [DotenvLine("LANGSMITH_API_KEY", _NEWER, 3)] if self.newer_key == ".env" else []
        if self.newer_named:
            lines.append(DotenvLine("LANGSMITH_WORKSPACE_ID", self.newer_named, 4))
        before = {"read": Successes(2, read=True), "wrote": Successes(2, wrote=True), None: None}
        return {
            "key": self.key.value,
            "key_from": "the api_key argument" if self.given else "LANGSMITH_API_KEY",
            "endpoint": self.endpoint.value,
            "workspace_id": self.named,
            "environ": environ,
            "dotenv": Dotenv("/p/.env", tuple(lines)) if lines else None,
            "successes": before[self.successes],
            "method": self.operation[0] if self.operation else None,
            "path": self.operation[1] if self.operation else None,
            "needs": () if self.operation else tuple(Need(name) for name in self.needs),
        }


def unusual(case: Configuration | World) -> dict[str, object]:
    """Returns in what a configuration, or a world, differs from the usual one."""
    values = {field.name: getattr(case, field.name) for field in fields(case)}
    return {
        f.name: getattr(values[f.name], "name", values[f.name]) for f in fields(case) if values[f.name] != f.default
    }


SETTINGS: dict[str, tuple[Any, ...]] = {
    "key": tuple(Key),
    "given": (False, True),
    "named": NAMED,
    "newer_key": (None, "environment", ".env"),
    "region_named": (None, "US", "EU"),
    "look_alike": (None, RESEARCH, SUPPORT, FOREIGN, "Research"),
    "newer_named": (None, RESEARCH, SUPPORT, FOREIGN),
    "successes": (None, "read", "wrote"),
    "endpoint": tuple(Endpoint),
    "operation": OPERATIONS,
    "needs": NEEDS,
}
"""Every setting's possible values, the usual one first."""


def usual_configurations() -> list[Configuration]:
    """Returns those that differ in at most one setting from the usual one of a personal or of a service key."""
    bases = (Configuration(), Configuration(key=Key.SERVICE))
    changed = (replace(base, **{name: v}) for base in bases for name, values in SETTINGS.items() for v in values)
    before = (replace(base, operation=None, needs=needs) for base in bases for needs in NEEDS)
    return list(dict.fromkeys((*changed, *before)))
