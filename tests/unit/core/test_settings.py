"""Where each setting came from, what it overrode, and what has changed since."""

from __future__ import annotations

from itertools import product

import pytest

from safe_langsmith import Setting
from safe_langsmith._core.model import Configuration
from safe_langsmith._core.origins import SDK_CACHE, UNKNOWN, Origin, origin
from safe_langsmith._core.settings import Dotenv, DotenvLine, Profile, configuration
from safe_langsmith._core.variables import DEFAULT_ENDPOINT, VARIABLES, shown

CANARY = "c0ffeec0ffee"
OLD, NEW, THIRD = (f"lsv2_pt_{CANARY}00000000000000000000_000000{last}" for last in ("1111", "2222", "3333"))
EU = "https://eu.api.smith.langchain.com"
A, B = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-aaaa-4aaa-8aaa-222222222222"


def compare(
    *,
    api_key: str | None = OLD,
    endpoint: str = DEFAULT_ENDPOINT,
    workspace_id: str | None = None,
    origins: dict[str, str] | None = None,
    environ: dict[str, str] | None = None,
    dotenv: list[tuple[str, str, int]] | None = None,
    profile: Profile | None = None,
    unexplained: Origin = UNKNOWN,
) -> Configuration:
    in_use = {"endpoint": endpoint, "api_key": api_key, "workspace_id": workspace_id}
    noted = {name: the(text) for name, text in (origins or {}).items()}
    file = Dotenv() if dotenv is None else Dotenv("/p/.env", tuple(DotenvLine(*line) for line in dotenv))
    return configuration(in_use, noted, environ or {}, file, profile, unexplained)


def the(text: str) -> Origin:
    """The origin that a variable's name or "the ... argument" describes."""
    name = text.removeprefix("the ").removesuffix(" argument")
    return Origin("variable" if name == text else "argument", name)


def changed(found: Configuration) -> dict[str, tuple[str | None, str, bool]]:
    return {drift.setting: (drift.now.value, str(drift.now.origin), drift.on_purpose) for drift in found.drift}


class TestSources:
    def test_all_five_settings_are_always_there(self):
        settings = compare(api_key=None).public()
        assert list(settings) == ["endpoint", "api_key", "workspace_id", "project", "tracing"]
        assert settings["endpoint"] == Setting(DEFAULT_ENDPOINT, "default")
        assert settings["api_key"] == Setting(None, "default")
        assert settings["project"] == Setting("default", "default")

    @pytest.mark.parametrize(
        ("setting", "names"),
        [
            ("endpoint", ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")),
            ("api_key", ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY")),
            ("workspace_id", ("LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID")),
        ],
    )
    def test_an_argument_beats_langsmith_beats_langchain(self, setting, names):
        both = {names[0]: "https://first", names[1]: "https://second"}
        argument = "the api_url argument" if setting == "endpoint" else f"the {setting} argument"
        assert origin(setting, "https://given", True, both) == the(argument)
        assert origin(setting, "https://first", False, both) == the(names[0])
        assert origin(setting, "https://second", False, {names[1]: "https://second"}) == the(names[1])
        assert origin(setting, "https://first", False, {}) is None
        assert origin(setting, "https://second", False, both) is None

    @pytest.mark.parametrize("blank", ["", "  ", '""', "''"])
    def test_a_blank_variable_is_passed_over(self, blank):
        environ = {"LANGSMITH_API_KEY": blank, "LANGCHAIN_API_KEY": OLD}
        assert origin("api_key", OLD, False, environ) == the("LANGCHAIN_API_KEY")
        assert compare(environ=environ).public()["api_key"].source == "LANGCHAIN_API_KEY"

    @pytest.mark.parametrize("written", [f' "{OLD}" ', f"'{OLD}'", f"{OLD}\n"])
    def test_quotes_and_blanks_make_no_difference(self, written):
        found = compare(environ={"LANGSMITH_API_KEY": written}, dotenv=[("LANGSMITH_API_KEY", written, 1)])
        assert found.public()["api_key"] == Setting("lsv2_pt_****1111", "LANGSMITH_API_KEY, as in /p/.env:1")
        assert found.drift == ()

    def test_a_slash_at_the_end_of_an_endpoint_makes_no_difference(self):
        found = compare(endpoint=EU, environ={"LANGSMITH_ENDPOINT": f"{EU}/"})
        assert found.public()["endpoint"] == Setting(EU, "LANGSMITH_ENDPOINT")

    def test_a_profile_is_named(self):
        profile = Profile("work", "config.json", {"api_key": OLD, "endpoint": EU, "workspace_id": A})
        settings = compare(endpoint=EU, workspace_id=A, profile=profile).public()
        assert {settings[name].source for name in profile.values} == {'profile "work" in config.json'}

    def test_a_login_is_named_where_no_key_was_sent(self):
        profile = Profile("work", "config.json", oauth=True)
        assert compare(api_key=None, profile=profile).public()["api_key"].source == str(profile.origin)

    @pytest.mark.parametrize("unexplained", [UNKNOWN, SDK_CACHE])
    def test_a_value_that_no_place_holds_has_the_origin_that_is_left(self, unexplained):
        found = compare(workspace_id=A, unexplained=unexplained)
        assert found.public()["workspace_id"] == Setting(A, str(unexplained))

    def test_a_variable_that_the_file_sets_is_named_with_its_line(self):
        line = ("LANGSMITH_API_KEY", OLD, 3)
        found = compare(origins={"api_key": "LANGSMITH_API_KEY"}, environ={"LANGSMITH_API_KEY": OLD}, dotenv=[line])
        assert found.public()["api_key"].source == "LANGSMITH_API_KEY, as in /p/.env:3"
        assert not found.drift

    def test_what_was_noted_when_the_client_was_made_counts(self):
        found = compare(origins={"api_key": "LANGSMITH_API_KEY"}, environ={"LANGSMITH_API_KEY": NEW})
        assert found.public()["api_key"].source == "LANGSMITH_API_KEY"

    def test_project_and_tracing_come_from_the_environment(self):
        settings = compare(environ={"LANGCHAIN_PROJECT": "mine", "LANGSMITH_TRACING": "true"}).public()
        assert settings["project"] == Setting("mine", "LANGCHAIN_PROJECT")
        assert settings["tracing"] == Setting("true", "LANGSMITH_TRACING")


class TestOthers:
    def test_everything_that_differs_is_listed_with_its_place(self):
        profile = Profile("work", "config.json", {"api_key": THIRD})
        found = compare(
            origins={"api_key": "the api_key argument"},
            environ={"LANGSMITH_API_KEY": OLD, "LANGCHAIN_API_KEY": NEW},
            dotenv=[("LANGSMITH_API_KEY", NEW, 4)],
            profile=profile,
        )
        assert found.public()["api_key"] == Setting(
            "lsv2_pt_****1111",
            "the api_key argument",
            (
                Setting("lsv2_pt_****2222", "LANGCHAIN_API_KEY"),
                Setting("lsv2_pt_****2222", "/p/.env:4 LANGSMITH_API_KEY"),
                Setting("lsv2_pt_****3333", 'profile "work" in config.json'),
            ),
        )

    def test_the_last_definition_in_a_file_wins(self):
        lines = [("LANGSMITH_API_KEY", NEW, 2), ("OTHER", "x", 3), ("LANGSMITH_API_KEY", THIRD, 9)]
        assert changed(compare(dotenv=lines)) == {
            "api_key": ("lsv2_pt_****3333", "/p/.env:9 LANGSMITH_API_KEY", False),
        }
        assert compare(dotenv=[*lines, ("LANGSMITH_API_KEY", OLD, 12)]).drift == ()

    def test_an_overruled_twin_is_marked(self):
        variables = compare(environ={"LANGSMITH_API_KEY": OLD, "LANGCHAIN_API_KEY": NEW}).variables
        assert [(v.name, v.shown, v.overridden) for v in variables] == [
            ("LANGSMITH_API_KEY", "lsv2_pt_****1111", False),
            ("LANGCHAIN_API_KEY", "lsv2_pt_****2222", True),
        ]

    def test_a_twin_that_says_the_same_is_not_overruled(self):
        variables = compare(environ={"LANGSMITH_PROJECT": "p", "LANGCHAIN_PROJECT": '"p"'}).variables
        assert [v.overridden for v in variables] == [False, False]


class TestDrift:
    def test_nothing_differs_where_all_agree(self):
        environ = {"LANGSMITH_API_KEY": OLD, "LANGSMITH_WORKSPACE_ID": A}
        lines = [("LANGSMITH_API_KEY", OLD, 1), ("LANGSMITH_WORKSPACE_ID", A, 2)]
        assert compare(workspace_id=A, environ=environ, dotenv=lines).drift == ()

    @pytest.mark.parametrize(
        ("source", "on_purpose"), [("the api_key argument", True), ("LANGSMITH_API_KEY", False), (None, False)]
    )
    def test_an_argument_differs_on_purpose(self, source, on_purpose):
        found = compare(origins={"api_key": source} if source else {}, environ={"LANGSMITH_API_KEY": NEW})
        assert changed(found) == {"api_key": ("lsv2_pt_****2222", "LANGSMITH_API_KEY", on_purpose)}

    def test_the_environment_is_named_before_the_file(self):
        found = compare(environ={"LANGSMITH_API_KEY": NEW}, dotenv=[("LANGSMITH_API_KEY", THIRD, 1)])
        assert changed(found)["api_key"][1] == "LANGSMITH_API_KEY"

    def test_a_changed_endpoint_and_workspace_are_noticed(self):
        found = compare(
            workspace_id=A, environ={"LANGSMITH_WORKSPACE_ID": B}, dotenv=[("LANGCHAIN_ENDPOINT", f"{EU}/", 3)]
        )
        assert changed(found) == {
            "endpoint": (EU, "/p/.env:3 LANGCHAIN_ENDPOINT", False),
            "workspace_id": (B, "LANGSMITH_WORKSPACE_ID", False),
        }

    def test_what_is_overruled_would_change_nothing(self):
        environ = {"LANGSMITH_API_KEY": OLD, "LANGCHAIN_API_KEY": NEW}
        lines = [("LANGSMITH_API_KEY", OLD, 1), ("LANGCHAIN_API_KEY", NEW, 2)]
        assert compare(environ=environ, dotenv=lines).drift == ()

    def test_a_line_that_the_environment_overrules_would_change_nothing(self):
        found = compare(environ={"LANGSMITH_API_KEY": OLD}, dotenv=[("LANGCHAIN_API_KEY", NEW, 1)])
        assert found.drift == ()

    def test_a_blank_line_lets_the_next_variable_through(self):
        found = compare(dotenv=[("LANGSMITH_API_KEY", "", 1), ("LANGCHAIN_API_KEY", NEW, 2)])
        assert changed(found)["api_key"][1] == "/p/.env:2 LANGCHAIN_API_KEY"

    def test_a_profile_is_never_newer(self):
        assert compare(profile=Profile("p", "config.json", {"api_key": NEW})).drift == ()


@pytest.mark.parametrize(
    ("dotenv", "note"),
    [
        (Dotenv(), "no .env file was found"),
        (Dotenv("/p/.env", (DotenvLine("OTHER", "1", 1),)), "/p/.env sets none of these variables"),
        (Dotenv("/p/.env", (DotenvLine("LANGCHAIN_PROJECT", "1", 1),)), "compared with /p/.env"),
    ],
)
def test_what_became_of_the_file_is_noted(dotenv, note):
    assert configuration({}, {}, {}, dotenv, None).notes == (note,)


def test_a_file_that_could_not_be_read_is_told():
    found = configuration({}, {}, {}, Dotenv("/p/.env", error="Permission denied"), None)
    assert found.read_errors == ("/p/.env could not be read: Permission denied",)
    assert (found.notes, found.dotenv_path) == ((), None)


class TestWhatIsShown:
    """Other people's secrets get into the wrong variable, by a quote that is not closed or a slip of the hand."""

    SWALLOWED = f"my proj\nOPENAI_API_KEY=sk-{CANARY}\nNOTE=end"

    SECRETS = (
        SWALLOWED,
        *(
            f"{beginning}{CANARY}"
            for beginning in ("sk-", "sk-proj-", "sv2_sk_", "ghp_", "my-app-sk-ant-", "eyJhbGciOi")
        ),
        f"eyJhbGciOiJIUzI1NiJ9.eyJ{CANARY}.{CANARY}",
        f"a1b2c3d4{CANARY}e5f6",
        f"of-{CANARY}0123456789abcdefghij-prod",
    )

    @pytest.mark.parametrize("setting", ["endpoint", "workspace_id", "project", "tracing"])
    @pytest.mark.parametrize("secret", SECRETS)
    def test_a_secret_in_the_wrong_place_is_not(self, setting, secret):
        name = VARIABLES[setting][0]
        for where in ({"environ": {name: secret}}, {"dotenv": [(name, secret, 1)]}):
            assert CANARY not in repr(compare(**where))

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("project", "experiment20260112run3-with-gpt-4o-mini-2024-07-18"),
            ("project", "evaluation-1a2b3c4d-6f1c0d3e-1111-4aaa-8aaa-11a1b1c1d1e1"),
            ("project", "CamelCaseNameOfAProject"),
            ("workspace_id", "6f1c0d3e11114aaa8aaa11a1b1c1d1e1"),
            ("endpoint", "https://gateway.acme.example/a1b2c3d4e5f6a7b8c9d0/api"),
        ],
    )
    def test_names_and_ids_are(self, setting, value):
        assert shown(setting, value) == value

    @pytest.mark.parametrize(
        "url",
        [
            f"https://u:{CANARY}/zz@eu.api.smith.langchain.com",
            f"https://u:{CANARY}#x@eu.api.smith.langchain.com",
            f"x/#{CANARY}",
            f"https://eu.api.smith.langchain.com/?key={CANARY}",
        ],
    )
    def test_a_password_in_an_address_is_not(self, url):
        for where in ({"environ": {"LANGCHAIN_ENDPOINT": url}}, {"dotenv": [("LANGSMITH_ENDPOINT", url, 1)]}):
            assert CANARY not in repr(compare(**where))

    def test_what_a_line_takes_in_is_not(self):
        file = Dotenv("/p/.env", (DotenvLine("LANGSMITH_PROJECT", f"proj-{CANARY}", 1, interpolated=True),))
        found = configuration({}, {}, {}, file, None)
        assert CANARY not in repr(found)
        assert found.public()["project"].others == (Setting("****", "/p/.env:1 LANGSMITH_PROJECT"),)

    def test_paths_and_names_are_cleaned(self):
        file = Dotenv("/p\x1b[31m/\u202e.env", (DotenvLine("LANGSMITH_API_KEY", NEW, 1),), warnings=("line 1: odd",))
        found = configuration(
            {"api_key": OLD}, {}, {}, file, Profile("profile \x1b]0;x\x07", "config.json", {"endpoint": EU})
        )
        assert "\x1b" not in str([found.public(), found.drift, found.notes, found.warnings])
        assert "\u202e" not in str([found.public(), found.drift, found.notes, found.warnings])


def test_the_case_of_a_host_makes_no_difference():
    shouted = EU.upper().replace("HTTPS", "https")
    found = compare(endpoint=EU, origins={"endpoint": "LANGSMITH_ENDPOINT"}, environ={"LANGSMITH_ENDPOINT": shouted})
    assert found.public()["endpoint"] == Setting(EU, "LANGSMITH_ENDPOINT")
    assert origin("endpoint", shouted, False, {"LANGSMITH_ENDPOINT": shouted}) == the("LANGSMITH_ENDPOINT")


PLACES = ("in use", "argument", "environ", "dotenv", "profile")


@pytest.mark.parametrize(
    ("place", "value"),
    [*product(PLACES, [OLD, OLD.replace("_pt_", "_sk_"), OLD[1:], f"unknown-{CANARY}", f"'{CANARY}", f"{OLD}\n"])],
)
def test_a_key_is_nowhere_shown(place, value):
    names = VARIABLES["api_key"]
    found = compare(
        api_key=value if place in ("in use", "argument") else None,
        origins={"api_key": "the api_key argument"} if place == "argument" else {},
        environ=dict.fromkeys(names, value) if place == "environ" else {},
        dotenv=[(name, value, 1) for name in names] if place == "dotenv" else None,
        profile=Profile("p", "config.json", {"api_key": value}) if place == "profile" else None,
    )
    assert CANARY not in repr(found)


@pytest.mark.parametrize("setting", ["endpoint", "workspace_id", "project", "tracing"])
def test_a_key_put_where_something_else_belongs_is_not_shown(setting):
    environ = {VARIABLES[setting][0]: f"https://user:{CANARY}@host/?k={OLD}" if setting == "endpoint" else OLD}
    assert CANARY not in repr(compare(environ=environ, workspace_id=OLD))


def test_what_was_read_is_not_shown_by_repr():
    read = (
        Dotenv("/p/.env", (DotenvLine("LANGSMITH_API_KEY", OLD, 1),)),
        Profile("p", "config.json", {"api_key": OLD}),
    )
    assert CANARY not in repr(read)


class TestElsewhere:
    """The `.env` that `load_dotenv()` in the main script would read, where that is another one."""

    OTHER = Dotenv("/app/.env", (DotenvLine("LANGSMITH_API_KEY", NEW, 4),), warnings=("line 9: it is odd",))

    def file(self, **more):
        return configuration(
            {"endpoint": DEFAULT_ENDPOINT, "api_key": OLD, "workspace_id": None},
            {"api_key": the("LANGSMITH_API_KEY")},
            {"LANGSMITH_API_KEY": OLD},
            Dotenv(elsewhere=self.OTHER, **more),
            None,
        )

    def test_it_is_named(self):
        notes = "; ".join(self.file().notes)
        assert notes == "no .env file was found; load_dotenv() in the main script would read another one, /app/.env"

    def test_a_key_that_it_holds_is_a_newer_one(self):
        (drift,) = self.file().drift
        assert (str(drift.now.origin), drift.dotenv_path) == ("/app/.env:4 LANGSMITH_API_KEY", "/app/.env")

    def test_what_is_wrong_with_it_is_told(self):
        assert self.file().warnings == ("/app/.env, line 9: it is odd",)

    def test_the_file_of_the_working_directory_goes_first(self):
        found = self.file(path="/p/.env", lines=(DotenvLine("LANGSMITH_API_KEY", THIRD, 1),))
        assert [drift.dotenv_path for drift in found.drift] == ["/p/.env"]


class TestMixtures:
    PROFILE = Profile("work", "config.json", {"endpoint": EU, "workspace_id": A})

    def mixture(self, refusal, **more):
        return refusal(
            endpoint=EU, workspace_id=A, workspace_from=None, profile=self.PROFILE, **more
        ).configuration.mixture

    def test_a_key_of_the_environment_for_a_profiles_workspace(self, refusal):
        assert self.mixture(refusal) == (
            'the endpoint and the workspace come from profile "work" in config.json, but the key from LANGSMITH_API_KEY'
        )

    def test_all_from_one_place_is_no_mixture(self, refusal):
        assert refusal(workspace_id=A).configuration.mixture is None

    def test_the_default_endpoint_is_from_nowhere(self, refusal):
        profile = Profile("p", "config.json", {"api_key": OLD})
        assert refusal(key=OLD, key_from=None, profile=profile).configuration.mixture is None


def test_a_placeholder_does_not_hide_a_key_that_could_be_used():
    found = compare(environ={"LANGSMITH_API_KEY": "<your-api-key>"}, dotenv=[("LANGSMITH_API_KEY", NEW, 2)])
    assert changed(found)["api_key"][1] == "/p/.env:2 LANGSMITH_API_KEY"
