"""What else this machine says: variables, `.env`, profiles, proxies."""

from __future__ import annotations

import importlib.util
import json

from safe_langsmith.testing import Reply

from ....conftest import mint_canary
from ..leaks import secret_part
from ..stage import PASSWORD, Scene, Stage, scene


@scene
def another_region_in_the_environment(stage: Stage) -> Scene:
    elsewhere, key = stage.make_server(), stage.revoked()
    stage.machine.setenv("LANGCHAIN_ENDPOINT", "https://eu.api.smith.langchain.com")
    stage.dotenv(f"LANGSMITH_ENDPOINT={elsewhere.url}\n")
    return stage.scene(key, elsewhere=elsewhere)


@scene
def a_newer_key_in_dotenv(stage: Stage) -> Scene:
    newer, others = mint_canary("lsv2_pt_"), mint_canary("")
    stage.dotenv(f"DATABASE_URL=postgres://app:{others}@db/app\nLANGSMITH_API_KEY={newer}\n")
    return stage.scene(stage.revoked(), secret_part(newer), others)


@scene
def a_dotenv_whose_quote_is_not_closed(stage: Stage) -> Scene:
    newer, others = mint_canary("lsv2_pt_"), mint_canary("")
    stage.dotenv(f'LANGSMITH_PROJECT="demo\nSECRET={others}\nLANGSMITH_API_KEY={newer}\nLAST="\n')
    return stage.scene(stage.revoked(), secret_part(newer), others)


@scene
def a_dotenv_that_takes_in_secrets(stage: Stage) -> Scene:
    others = mint_canary("")
    stage.dotenv(f"SECRET={others}\nLANGSMITH_PROJECT=of-${{SECRET}}\nLANGSMITH_WORKSPACE_ID=${{SECRET}}\n")
    return stage.scene(stage.revoked(), others)


@scene
def keys_in_variables_that_are_not_read(stage: Stage) -> Scene:
    others = [mint_canary("lsv2_pt_"), mint_canary("lsv2_sk_"), mint_canary("sk-ant-")]
    for name, key in zip(("LANGSMITH_APIKEY", "LANGCHAIN_API_KEY", "LANGSMITH_TOKEN"), others, strict=True):
        stage.machine.setenv(name, key)
    return stage.scene(stage.revoked(), *map(secret_part, others))


@scene
def replicas_in_the_environment(stage: Stage) -> Scene:
    elsewhere, others = stage.make_server(), [mint_canary("lsv2_pt_"), mint_canary("lsv2_sk_")]
    urls = (elsewhere.url, elsewhere.url.replace("://", f"://gateway:{PASSWORD}@"))
    stage.machine.setenv("LANGSMITH_RUNS_ENDPOINTS", json.dumps(dict(zip(urls, others, strict=True))))
    hidden = (*map(secret_part, others), PASSWORD)
    return stage.scene(stage.revoked(), *hidden, elsewhere=elsewhere)


@scene
def a_login_profile(stage: Stage) -> Scene:
    token = stage.org.add_oauth_token(default=stage.workspace, role="Viewer")
    renew = stage.server.add_refresh_token(token)
    config = stage.directory / "config.json"
    oauth = {"access_token": token, "refresh_token": renew}
    profiles = {"work": {"api_url": stage.server.url, "oauth": oauth}}
    config.write_text(json.dumps({"current_profile": "work", "profiles": profiles}), encoding="utf-8")
    stage.machine.setenv("LANGSMITH_CONFIG_FILE", str(config))
    older = importlib.util.find_spec("langsmith._internal._openapi_auth") is None
    # Older SDKs' generated clients want a key.
    wanting = ("generated", "generated async", "generated of async") if older else ()
    return Scene(stage.server.url, None, (token, renew), apart_from=wanting)


@scene
def a_proxy_with_a_password(stage: Stage) -> Scene:
    proxy = stage.make_server()
    proxy.fault(None, None, Reply(403, "<title>Denied</title>", "text/html"), times=None)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        stage.machine.setenv(name, proxy.url.replace("://", f"://gateway:{PASSWORD}@"))
    for name in ("no_proxy", "NO_PROXY"):
        stage.machine.delenv(name, raising=False)
    return stage.scene(stage.viewer(), PASSWORD, url="http://langsmith.acme.test")


@scene
def a_proxy_that_is_not_there(stage: Stage) -> Scene:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        stage.machine.setenv(name, f"http://gateway:{PASSWORD}@127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        stage.machine.delenv(name, raising=False)
    return stage.scene(stage.viewer(), PASSWORD, url="http://langsmith.acme.test", ends="as with the SDK")
