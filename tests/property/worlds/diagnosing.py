"""What the library makes of a view, and what it must not make of it."""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from worlds.configuration import Configuration, unusual
from worlds.server import Answered
from worlds.truths import truths
from worlds.views import Group, Multiverse, View
from worlds.world import Trouble, World

from safe_langsmith import Cause, Confidence, Diagnosis
from safe_langsmith._core.engine import investigate
from safe_langsmith._core.model import ProbeRequest
from safe_langsmith._core.responses import Answer, read_answer, read_body

_describe = runpy.run_path(str(Path(__file__).parents[2] / "unit" / "core" / "conftest.py"))["describe_refusal"]
_OF_THE_KEY = frozenset({Cause.KEY_REJECTED, Cause.STALE_ENVIRONMENT, Cause.WRONG_REGION})
# The answer to a probe that the worlds know nothing of. It proves nothing.
_NOT_MODELLED = Answered(404, b'{"detail":"Not Found"}')


class Examination:
    """One configuration and one view of the worlds it may be in: what was asked, and what was concluded."""

    def __init__(self, configuration: Configuration, seen: View) -> None:
        self.configuration = configuration
        self.seen = seen
        self.asked: dict[ProbeRequest, Answered] = {}
        self.diagnosis = self._drive(dict(seen.answers))

    def _drive(self, answers: Mapping[ProbeRequest, Answered]) -> Diagnosis | None:
        refusal = self.seen.refused or Answered(403)
        facts = _describe(
            **self.configuration.described,
            body=refusal.body,
            content_type=refusal.content_type,
            redirected_to=refusal.redirected_to,
        )
        modelled = {question.path for question in answers}
        course: Any = investigate(facts)
        try:
            question = next(course)
            while True:
                if question.path in modelled:
                    self.asked[question] = answers[question]
                question = course.send(_read(self.asked.get(question, _NOT_MODELLED)))
        except StopIteration as stop:
            found = stop.value.diagnosis
            return found if isinstance(found, Diagnosis) else None

    @property
    def concluded(self) -> str:
        return f"{self.diagnosis.confidence} {self.diagnosis.cause}" if self.diagnosis else "nothing"

    def told(self, world: World) -> str:
        """Returns what a person needs to know of the case: what is unusual in it, and how it went."""
        answers = [f"{q.path} {q.workspace_id or ''}: {a.status} {a.body[:80]!r}" for q, a in self.asked.items()]
        return "\n  ".join(
            (
                f"concluded: {self.concluded}; true: {', '.join(sorted(truths(world, self.configuration)))}",
                f"world: {unusual(world)}",
                f"configuration: {unusual(self.configuration)}",
                f"refused: {self.seen.refused.body[:80]!r}" if self.seen.refused else "nothing was refused",
                *answers,
            )
        )

    def holds_in(self, world: World) -> bool:
        """Whether what was concluded is true in a world, however sure it is said to be."""
        found = truths(world, self.configuration)
        return self.diagnosis.cause in found if self.diagnosis else not found

    def blames_the_key_unheard(self) -> bool:
        """Whether a question was not answered, and the key is called bad all the same."""
        blamed = self.diagnosis is not None and self.diagnosis.cause in _OF_THE_KEY
        return blamed and any(_read(answered).inconclusive for answered in self.asked.values())

    def takes_its_word(self) -> bool:
        """Whether the refusal itself gives a reason, and nobody answered when asked about it."""
        refused = self.seen.refused
        says = refused is not None and read_body(refused.body, refused.content_type).has_langsmiths_words
        return says and all(_read(answered).no_response for answered in self.asked.values())

    def faults(self, group: Group, multiverse: Multiverse) -> Iterator[str]:
        """Yields what is dishonest in the conclusion, given the worlds that look the same."""
        if self.diagnosis is None:
            if not group.all_may_be_well:
                yield "nothing is found, and in no world that looks like this is all well"
            return
        cause, confidence = self.diagnosis.cause, self.diagnosis.confidence
        proven = group.everywhere & multiverse.proven(self.seen.refused, self.asked)
        if confidence is Confidence.CONFIRMED and cause not in proven:
            yield "confirmed, and what was seen is no proof of it"
        if confidence is Confidence.LIKELY and cause not in group.somewhere and not self.takes_its_word():
            yield "likely, and in no world that looks like this is it true"
        if self.blames_the_key_unheard():
            yield "the key is blamed, and a question was not answered"

    def overlooks(self, group: Group) -> bool:
        """Whether all worlds that look the same have a cause in common, and one is named that is true in none."""
        undisturbed = all(world.trouble is Trouble.NONE for world in group.members)
        named = self.diagnosis is not None and self.diagnosis.cause in group.somewhere
        return undisturbed and bool(group.everywhere) and not named


@cache
def _read(answered: Answered) -> Answer:
    if answered.status is None:
        return Answer(error="ConnectTimeout")
    return read_answer(answered.status, answered.body, answered.content_type)
