"""What rules of several ranks have in common."""

from __future__ import annotations

from safe_langsmith._core.model import GET_SETTINGS, LIST_WORKSPACES, Evidence, Probing, inside


def needs_workspace(e: Evidence) -> str:
    """Says that a workspace must be named, and how many there are."""
    found = e.workspaces
    did_not = "this one did not" if e.facts.method else "the client names none"
    if not found:
        nobody = "the request named none" if e.facts.method else did_not
        return f"this key needs a workspace to be named, and {nobody}"
    if len(found) == 1:
        return f'this key serves one workspace, "{found[0].name}", but a request must name it, and {did_not}'
    return f"this key serves {len(found)} workspaces, so a request must name one, and {did_not}"


def everything_refused(e: Evidence) -> Probing[bool]:
    """Whether LangSmith refused whatever it was asked."""
    named = [inside(e.facts.workspace)] if e.facts.workspace else []
    questions = (*named, GET_SETTINGS, LIST_WORKSPACES)
    # What is known already is looked at before anything more is asked.
    for question in sorted(questions, key=lambda question: question not in e.answers):
        answer = yield from e.ask(question)
        if not answer.forbidden or answer.knows_key:
            return False
    return True
