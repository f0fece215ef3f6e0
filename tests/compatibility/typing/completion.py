"""What an editor offers while the user types, asked of jedi; run by the nox session `types`, which installs it."""

from __future__ import annotations

import dataclasses

import jedi

from safe_langsmith import ApiKey, Diagnosis, Setting

IMPORTS = "from safe_langsmith import *\n"
OPTIONS = {"resolve_workspace", "probe", "dotenv_path"}
CATCHING = IMPORTS + "try:\n    pass\nexcept ForbiddenDiagnosis as e:\n    "
# Only some of the SDK's classes have a status code.
FIELDS = {field.name for field in dataclasses.fields(Diagnosis)} - {"status_code"}

EXPECTED = {
    IMPORTS + "SafeClient(": {f"{name}=" for name in OPTIONS | {"api_key", "workspace_id", "tracing_mode"}},
    IMPORTS + "SafeAsyncClient(": {f"{name}=" for name in OPTIONS | {"api_key", "workspace_id", "profile"}},
    IMPORTS + "SafeClient().": {"list_projects", "create_dataset", "workspace_id", "runs"},
    # Only some of the SDK's classes have a status code.
    CATCHING + "e.": {field.name for field in dataclasses.fields(Diagnosis)} - {"status_code"}
    | {"diagnosis", "sdk_error"},
    # The items of a tuple of any length are beyond jedi; pyright sees to them in usage.py.
    CATCHING + "e.key.": {field.name for field in dataclasses.fields(ApiKey)},
    CATCHING + "e.settings['endpoint'].": {field.name for field in dataclasses.fields(Setting)},
    CATCHING + "e.cause is Cause.": {"PERMISSION_DENIED", "WORKSPACE_REQUIRED"},
    IMPORTS + "diagnose(SafeClient()).": {"cause", "to_dict"},
    IMPORTS + "find_diagnosis(error).": {"cause", "diagnosis"},
    IMPORTS + "SafeClient(resolve_": {"resolve_workspace="},
}


def offered(code: str) -> set[str]:
    return {str(completion.name) for completion in jedi.Script(code).complete()}


def main() -> None:
    lacking = {code: names - offered(code) for code, names in EXPECTED.items()}
    failed = [f"after {code.splitlines()[-1].strip()!r}: {sorted(names)}" for code, names in lacking.items() if names]
    if failed:
        raise SystemExit("Editors do not offer\n" + "\n".join(failed))
    print(f"Editors offer what they should in {len(EXPECTED)} places.")


if __name__ == "__main__":
    main()
