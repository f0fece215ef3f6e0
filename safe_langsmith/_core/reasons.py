"""Find the reason that the words of a refusal name: an expired key, an address rule, a disabled organization.

A sentence names a reason if it says something (a predicate) of somebody (a subject). It does not if it denies that, if
it only speaks of the possibility, or if something else is the subject: "your key has not expired", "if your key has
expired", "the dataset has expired".
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

NamedReason = Literal["expired", "revoked", "address", "organization", "member"]
"""What the words of a refusal name: the key, the address that it came from, the organization, or the membership."""

_OFF = (
    "disabled|deactivated|suspended|inactive|locked|blocked|banned|deleted|removed|closed|terminated|archived|frozen"
    "|cancell?ed|deprovisioned|turned off|switched off|on hold|not active|no longer active"
)
_PREDICATES: dict[NamedReason, str] = {
    "organization": f"{_OFF}|past due|unpaid|expired|lapsed|ended|not found|(?:does not|doesn't|no longer) exists?",
    "member": f"{_OFF}|(?:not|no longer|n't) (?:a|an active|part of the) (?:member|organi[sz]ation|team)|not found",
    "expired": "expired|lapsed|past (?:its|the) expir(?:y|ation)|expir(?:y|ation)(?: date)? (?:has |is )?passed",
    "revoked": (
        "revoked|rotated|invalidated|withdrawn|retired|no longer (?:valid|usable|accepted|be used|exists?)"
        f"|not valid any ?(?:more|longer)|{_OFF}"
    ),
}
_SUBJECTS: dict[str, str] = {
    "key": (
        r"(?:(?:api|access|bearer|auth\w*|service|personal|security) )*(?:keys?|tokens?|credentials?|pats?)"
        "|service accounts?"
    ),
    "member": (
        "(?:user|member)s?(?: accounts?)?|membership|identity"
        "|you(?! (?:provided|supplied|used|use|are using|sent|gave|passed|entered|presented))"
    ),
    "organization": "organi[sz]ations?|orgs?|tenants?|accounts?|subscription|trial",
    "something else": (
        "datasets?|examples?|runs?|traces?|projects?|sessions?|experiments?|prompts?|links?|urls?|shares?|files?|exports?"
        "|uploads?|features?|invit\\w+|cookies?|certificates?|licen[cs]es?|feedback|queues?|models?|sandbox\\w*|rules?"
        "|deployments?|snapshots?|plans?|requests?|signatures?|codes?|passwords?|agents?|workspaces?|polic(?:y|ies)"
        "|settings?|quotas?|limits?|roles?|groups?|e-?mails?|access|authentication|logins?|creation|resources?|webhooks?"
    ),
}
_OF: dict[NamedReason, str] = {"expired": "key", "revoked": "key", "organization": "organization", "member": "member"}
# The words that may stand before "key" or "token". A share token and a feedback key are something else.
_ITS = frozenset(
    "the this that your my our its an a any each such same given provided supplied used submitted presented current"
    " legacy old account user client organization organisation org tenant workspace langsmith x api and or is was are"
    f" with which because error forbidden unauthorized denied invalid {_OFF.replace('|', ' ')} expired revoked".split()
)
_NOUN = re.compile(
    r"\b(?:" + "|".join(f"(?P<{name.replace(' ', '_')}>{words})" for name, words in _SUBJECTS.items()) + r")\b(?:'s)?"
)
# What stands in a phrase like "for this organization" is not the subject.
_IN_A_PHRASE = re.compile(
    r"\b(?:for|of|in|from|by|with|to|on|at|under|within|that|which)(?: (?:the|this|that|your|an?|its))?\s*$"
)
_POSSIBLE = re.compile(
    r"\b(?:if|whether|unless|in case|may|might|could|would|should|must|will|can(?:not|'t)? be|perhaps|maybe|possibly"
    r"|when|once|before|until|after|make sure|ensure|verify|please check|check (?:that|your)|e\.g\.|such as)\b"
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|neither|nor|no|non|without)|n't)[ -](?:(?:yet|been|being|be|have|had|an?|the|currently) )*$"
)
_VAGUE = "invalid|unknown|wrong|missing|incorrect|malformed|unrecognized|bad|not found|not valid|unauthorized"
_ONE_OF_SEVERAL = re.compile(
    rf"\b(?:{_VAGUE})(?:/|[ ,]+(?:\w+[ ,]+){{0,3}}or\b)|(?:/|\bor )(?:[\w ]{{0,20}}\b)?(?:{_VAGUE})\b"
)
# "The organization has disabled personal access tokens" says nothing bad of the organization.
_OBJECT = re.compile(r" (?:(?:the|this|your|all|any|an?|its|api|personal|access|legacy) )+")
# "This key is locked to workspace Research" says nothing bad of the key, and "keys are disabled for viewers" nothing of
# all keys. "Suspended for non-payment" and "removed from the organization" say something.
_RESTRICTED = re.compile(
    r" (?:to|against)\b"
    r"|(?: from (?!(?:the |this |your |that )?(?:organi[sz]ation|org|workspace|team|account)\b))"
    r"|(?: for (?!(?:\w+ )?(?:non|unpaid|late|overdue|viola\w+|abus\w+|fraud\w*|inactivity|security|billing|payments?"
    r"|lack)\b))"
)
_ADDRESS = re.compile(
    r"\bips?\b|\b(?:source|client|remote|network) address|\b(?:this|your) (?:network|location|country)\b"
    r"|\bnetwork (?:polic|rest)|\bcidr\b|\b(?:from|address) \d{1,3}(?:\.\d{1,3}){3}\b"
)
_KEPT_OUT = re.compile(
    r"(?:not|n't) (?:\w+ )?(?:(?:allow|white)[ -]?list(?:ed)?|allowed|permitted|authorized|accepted|trusted|recognized)"
    r"|not (?:in|on|within|part of|among|included)\b|\b(?:outside|denied|blocked|restrict(?:ed|ions?)|forbidden"
    r"|disallowed|rejected|banned|refused|violat\w+)\b"
)
_SENTENCE_ENDS = re.compile(r"[.;!?](?=\s|$)|\n|,? \b(?:but|however|although|though)\b")
_HEADING = re.compile(r"^ ?(?:access )?(?:forbidden|denied|blocked)(?: -|:|,)")
# Words that say no more than that a request or a key was refused.
_OF_ANY_REFUSAL = frozenset(
    "a an the this that your you my our its it is are was were be been not no nor or and to for of in on with by"
    " from at as do does did don doesn t have has had cannot can could may please check verify make sure provide"
    " provided supplied given sent used valid invalid incorrect wrong bad unknown unrecognized recognized missing"
    " malformed found authenticated authorized authorised unauthorized unauthenticated authenticate authentication"
    " authorization auth access accessible denied deny forbidden refused rejected permission permissions permitted"
    " allowed insufficient enough sufficient api key keys token tokens credential credentials header headers x"
    " bearer error status code http https request requests operation action perform performed resource resources"
    " endpoint url path user caller client account failed failure required requires require need needs langsmith"
    " validate exist exists lack lacks privileges rights expired revoked detail message try again later contact"
    " support help team us admin administrator log logged login sign signed must unable recognised recognize isn"
    " wasn correct incorrectly id trace number see docs so such any out due because sorry whoops oops info more"
    " using use trying attempted should".split()
)
_LONGEST = 2_000
_FIRST: tuple[NamedReason, ...] = ("address", "organization", "member", "expired", "revoked")


def named_reason(words: str) -> NamedReason | None:
    """Return the reason that the words of a refusal name, or `None` if they name none."""
    # "expired_api_key" and "TokenExpired" are words, too.
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", words[:_LONGEST])
    plain = re.sub(
        r"[\s\"`()\[\]]+", " ", apart.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("\n", ". ")
    ).lower()
    plain = re.sub(r"\b(?:x[ -])?api[ -]?(?=keys?\b)", "api ", plain)
    found = {reason for sentence in _SENTENCE_ENDS.split(plain) for reason in _reasons_in(_HEADING.sub("", sentence))}
    if {"expired", "revoked"} <= found:
        found.remove("expired")
    return next((reason for reason in _FIRST if reason in found), None)


def says_why(words: str) -> bool:
    """Return whether the words of a refusal say more than that something was refused, whatever it may be."""
    # An ID of the request is no word.
    found = (word for word in re.findall(r"[^\W_]+", words[:_LONGEST].lower()) if not re.search(r"\d", word))
    return any(word not in _OF_ANY_REFUSAL for word in found)


def _reasons_in(sentence: str) -> list[NamedReason]:
    found: list[NamedReason] = []
    if _ADDRESS.search(sentence) and any(_is_said(sentence, said) for said in _KEPT_OUT.finditer(sentence)):
        found.append("address")
    nouns = [_noun(sentence, noun) for noun in _NOUN.finditer(sentence)]
    for reason, predicates in _PREDICATES.items():
        for said in re.finditer(rf"\b(?:{predicates})\b", sentence):
            is_restricted = re.fullmatch(_OFF, said[0]) and _RESTRICTED.match(sentence, said.end())
            if not is_restricted and _is_said(sentence, said) and _subject(sentence, said, nouns) == _OF[reason]:
                found.append(reason)
    if _ONE_OF_SEVERAL.search(sentence):
        # "Invalid or expired key" does not say which.
        return [reason for reason in found if reason not in ("expired", "revoked")]
    return found


class _Noun(NamedTuple):
    start: int
    end: int
    kind: str
    is_in_a_phrase: bool


def _noun(sentence: str, found: re.Match[str]) -> _Noun:
    kind, before = (found.lastgroup or "").replace("_", " "), sentence[: found.start()]
    is_in_a_phrase = _IN_A_PHRASE.search(before) is not None
    word = re.search(r"([\w'-]+)[ -]$", before)
    is_anothers = word is not None and word[1].removesuffix("'s") not in _ITS and not word[1].isdigit()
    kind = "something else" if kind == "key" and is_anothers and not is_in_a_phrase else kind
    return _Noun(found.start(), found.end(), kind, is_in_a_phrase)


def _is_said(sentence: str, said: re.Match[str]) -> bool:
    """Return whether something is said of a subject as a fact."""
    before = sentence[: said.start()]
    return not _POSSIBLE.search(before) and not _DENIED.search(before)


def _subject(sentence: str, said: re.Match[str], nouns: list[_Noun]) -> str | None:
    """Return of whom something is said: of what follows directly ("expired key"), or else of the noun before it."""
    following = _OBJECT.match(sentence, said.end())
    start_of_object = following.end() if following else said.end() + 1
    first = next((noun.kind for noun in nouns if noun.start in (said.end() + 1, start_of_object)), None)
    if first or following:
        return first
    before = [noun.kind for noun in nouns if noun.end <= said.start() and not noun.is_in_a_phrase]
    return before[-1] if before else None
