"""What could be meant by what is typed so far: pure functions of the text and the names that the source knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowtrail_collector.filters import KEYS, Pattern, canonical, vocabulary
from flowtrail_tui.model.commands import COMMANDS, known
from flowtrail_tui.model.parts import Line, Part, line_width
from flowtrail_tui.safe import clip, safe

MOST = 30
_PREFIXES = (
    ("id:", "a message id"),
    ("flow:", "a correlation id"),
    ("trace:", "a trace id or traceparent"),
    ("record:", "destination:partition:offset"),
    ("key:", "destination/value"),
)
_AGES = ("5m", "15m", "1h", "6h", "24h", "7d")
_NAMED_BY = {"destination": "destinations", "group": "groups", "producer": "services", "type": "types"}
"""Fields of a filter whose values are names that the source knows."""
_FIELD_DOES = {
    "topic": "destination",
    "destination": "destination",
    "queue": "destination",
    "group": "who consumes",
    "verdict": "ok, failed, ...",
    "kind": "of finding",
    "severity": "of finding",
    "since": "an age or instant",
    "until": "an age or instant",
    "producer": "service",
    "service": "service",
}

Names = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to go on: the whole text then, what is shown of it, and what it means."""

    text: str
    shown: str
    does: str = ""


def for_question(text: str, names: Names) -> list[Proposal]:
    """Propose how a question or command goes on."""
    typed = text.lstrip()
    word, blank, rest = typed.partition(" ")
    follows = known(word.lower()) if blank else None
    if follows is not None:
        return _following(word, rest, follows.values, names, filtered=follows.filtered)
    if typed.startswith("key:"):
        return _of_key(typed, names)
    if typed.startswith("record:"):
        return _places("record:", typed.removeprefix("record:"), names)
    found = [Proposal(prefix, prefix, does) for prefix, does in _PREFIXES if prefix.startswith(typed)]
    commands = [
        Proposal(one.name + (" " if one.follows else ""), one.name, one.does)
        for one in COMMANDS
        if typed and one.name.startswith(typed.lower())
    ]
    places = _places("", typed, names) if typed else []
    begun = [Proposal(name, name) for name in _list(names, "begins") if _begins(name, typed)]
    return _some([*commands, *places, *begun, *found] if typed else found, typed)


def for_filter(text: str, names: Names) -> list[Proposal]:
    """Propose how the last term of a filter goes on."""
    before, term = _last_term(text)
    sign, _, bare = term.rpartition("!") if term.startswith("!") else ("", "", term)
    mark = "!" if term.startswith("!") else sign
    field, colon, values = bare.partition(":")
    if not colon:
        fields = [one for one in KEYS if one.startswith(bare.lower())]
        found = [Proposal(f"{before}{mark}{one}:", f"{one}:", _FIELD_DOES.get(one, "")) for one in fields]
        return _some(found, text)
    listed, comma, value = values.rpartition(",")
    negated = "!" if value.startswith("!") and not listed else ""
    head = f"{before}{mark}{field}:{listed}{comma}{negated}"
    wanted = value.removeprefix("!").strip('"').lower()
    candidates = [one for one in _values(canonical(field.lower()), names) if one.lower().startswith(wanted)]
    return _some([Proposal(head + _quoted(one), one) for one in candidates], text)


def strip(proposals: Sequence[Proposal], chosen: int | None, width: int) -> Line:
    """Draw proposals side by side around the chosen one, with what they mean where there is room; each is clickable."""
    told, whole = _strip(proposals, chosen, width, told=True)
    return told if whole else _strip(proposals, chosen, width, told=False)[0]


def _strip(proposals: Sequence[Proposal], chosen: int | None, width: int, *, told: bool) -> tuple[Line, bool]:
    out: list[Part] = [Part(" tab ", "key"), Part(" ")]
    start = max(0, (chosen or 0) - 2)
    for place, one in enumerate(proposals[start:], start):
        role = "tab-current" if place == chosen else "bright"
        parts = [Part(f" {clip(one.shown, 40)} ", role, f"app.complete({place})")]
        if told and one.does:
            parts.append(Part(f"{one.does}  ", "dim"))
        if line_width(out) + line_width(parts) > width - 1:
            return (*out, Part("…", "dim")), False
        out += parts
    return tuple(out), True


def _following(word: str, rest: str, values: Iterable[str], names: Names, *, filtered: bool) -> list[Proposal]:
    """Propose what follows a command."""
    if filtered:
        return [Proposal(f"{word} {one.text}", one.shown, one.does) for one in for_filter(rest, names)]
    return _some([Proposal(f"{word} {one}", one) for one in values if one.startswith(rest)], f"{word} {rest}")


def _of_key(typed: str, names: Names) -> list[Proposal]:
    place, slash, _ = typed.removeprefix("key:").partition("/")
    if not slash:
        places = [one for one in _list(names, "destinations") if _begins(one, place)]
        return _some([Proposal(f"key:{one}/", f"{one}/", "a key there") for one in places], typed)
    keys = [one for one in _list(names, "begins") if one.startswith(typed)]
    return _some([Proposal(one, one.partition("/")[2]) for one in keys], typed)


def _places(prefix: str, typed: str, names: Names) -> list[Proposal]:
    found = [one for one in _list(names, "destinations") if _begins(one, typed)]
    return _some([Proposal(f"{prefix}{one}:", f"{one}:", "partition:offset") for one in found], f"{prefix}{typed}")


def _values(field: str, names: Names) -> Sequence[str]:
    if field in ("since", "until"):
        return _AGES
    if field == "system":
        return ("kafka",)
    return vocabulary(field) or _list(names, _NAMED_BY.get(field, ""))


def _last_term(text: str) -> tuple[str, str]:
    """Split a filter before its last term; a blank in quotes parts nothing."""
    start, quoted = 0, False
    for place, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = place + 1
    return text[:start], text[start:]


def _begins(name: str, typed: str) -> bool:
    """Tell whether a name, or what stands behind its prefix or destination, begins so."""
    name, lower = name.lower(), typed.lower()
    return any(one.startswith(lower) for one in (name, name.partition(":")[2], name.rpartition("/")[2]))


def _some(proposals: Iterable[Proposal], typed: str) -> list[Proposal]:
    """Keep the first ones, and none that says what is typed already."""
    return [one for one in dict.fromkeys(proposals) if one.text != typed and _whole(one.text)][:MOST]


def _whole(text: str) -> bool:
    """Tell whether a text stays what it is where it is typed: the input makes control characters visible."""
    return safe(text) == text


def _quoted(value: str) -> str:
    return str(Pattern((value,)))


def _list(names: Names, kind: str) -> list[str]:
    value = names.get(kind)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
