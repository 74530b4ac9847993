r"""The filter grammar that screens, commands and the HTTP API share.

    topic:orders.* group:billing,ledger verdict:!ok since:15m "free text"

Terms stand side by side and all of them must hold. A term is `key:value`; `,` separates alternatives, `*` stands for
any text, `!` before the key or the value negates, quotes keep blanks and everything else as it is (`\\` before a quote
or a backslash inside them). A word without a key is looked for in every text of a row, in any case. Names from the
data are compared as they are; flowtrail's own words (verdict, kind, severity, state, cause, system) in any case.

A filter is parsed, never evaluated: it runs as comparisons of text, or as SQL whose values are bound parameters.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flowtrail_collector.errors import UsageError
from flowtrail_collector.window import Window, parse_moment, rfc3339

TEXT = "text"
"""The field of a free word."""

_FIELDS = {
    "destination": ("destination", "destinations"),
    "group": ("group", "groups"),
    "producer": ("producer", "producers", "service", "services"),
    "verdict": ("verdict", "verdicts", "status"),
    "kind": ("kind", "kinds"),
    "severity": ("severity",),
    "key": ("key", "keys"),
    "flow": ("correlation_id", "correlation_ids", "flow"),
    "id": ("message_id", "message_ids", "id"),
    "type": ("type", "types"),
    "partition": ("partition", "partitions"),
    "system": ("system", "systems"),
    "state": ("state", "states"),
    "cause": ("cause",),
}
"""Each field, and the names under which a row may hold it."""

_ALIASES = {"topic": "destination", "queue": "destination", "service": "producer", "status": "verdict"}
_TIMES = ("since", "until")
KEYS = (*_FIELDS, *_ALIASES, *_TIMES)
"""Every word that may stand before a colon."""

_OUR_WORDS = frozenset({"verdict", "kind", "severity", "system", "state", "cause"})
_SEVERITIES = ("error", "warning", "info")
KINDS: tuple[str, ...] = (
    *("publish-failed", "publish-in-doubt", "ghost-publish", "offset-conflict", "lost", "skipped"),
    *("resend", "republish", "redelivery", "replay", "content-duplicate"),
    *("log-reorder", "delivery-reorder", "completion-reorder", "causal-inversion"),
    *("unfinished", "committed-before-processed", "failed", "dead-lettered", "missing-consumer", "unread-destination"),
    *("storm", "loop", "schema-change", "telemetry-gap", "clock-skew"),
)
"""Every kind of finding."""
_VERDICTS = (
    *("ok", "duplicated", "reordered", "lost", "not-published", "in-doubt"),
    *(
        "processed",
        "dead-lettered",
        "retrying",
        "failed",
        "in-progress",
        "unfinished",
        "received",
        "pending",
        "skipped",
    ),
    *("not-expected", "missing", "unknown"),
    *("draining", "falling", "stalled", "stopped", "retention"),
)
EVERY_STATE = "all"
"""The word for marks of every state."""
_STATES = ("open", "acknowledged", "muted", EVERY_STATE)
_VOCABULARIES = {"severity": _SEVERITIES, "kind": KINDS, "verdict": _VERDICTS, "state": _STATES}
"""The fields whose values are flowtrail's own words: another word there is a slip, not a filter."""
_KEY = re.compile(r"(!?)([^\s\":!,*]+):")
_PLAIN = re.compile(r"[^\s\",!*:\\]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text in which some places may hold anything: the literal parts around the stars, so n stars make n + 1 parts."""

    parts: tuple[str, ...]

    def matches(self, value: str) -> bool:
        """Tell whether the whole of `value` has this shape; linear in its length."""
        first, *rest = self.parts
        if not rest:
            return value == first
        *middle, last = rest
        if not value.startswith(first) or not value.endswith(last) or len(value) < len(first) + len(last):
            return False
        place, end = len(first), len(value) - len(last)
        for part in middle:
            found = value.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    def like(self) -> str:
        r"""Return the same as an operand of SQL's `LIKE ... ESCAPE '\'`."""
        return "%".join(re.sub(r"([\\%_])", r"\\\1", part) for part in self.parts)

    def __str__(self) -> str:
        return "*".join(part if _PLAIN.fullmatch(part) or not part else _quoted(part) for part in self.parts) or '""'


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: the field's value has the shape of one of the patterns, or, negated, of none."""

    field: str
    patterns: tuple[Pattern, ...]
    negated: bool = False

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the row satisfies this term; a row without the field has no value that could match."""
        values = _all_texts(row) if self.field == TEXT else _values(row, self.field)
        return self.negated is not any(pattern.matches(value) for value in values for pattern in self.patterns)

    def __str__(self) -> str:
        sign = "!" if self.negated else ""
        if self.field == TEXT:
            return sign + _quoted_words(self.patterns[0])
        return f"{self.field}:{sign}{','.join(map(str, self.patterns))}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; empty, it lets everything pass. `since` and `until` replace the asked window's ends."""

    terms: tuple[Term, ...] = ()
    since: str | None = None
    until: str | None = None
    source: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return bool(self.terms or self.since or self.until)

    def __str__(self) -> str:
        times = [f"{name}:{_quoted(text)}" for name in _TIMES if (text := getattr(self, name)) is not None]
        return " ".join([*map(str, self.terms), *times])

    @property
    def text(self) -> str:
        """The free words, as they were written."""
        return " ".join(str(term) for term in self.terms if term.field == TEXT)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row of any answer (names as in the JSON documents) passes."""
        return all(term.matches(row) for term in self.terms)

    def window(self, asked: Window, now_ns: int) -> Window:
        """Return the asked window with this filter's own ends put in; ages count back from `now_ns`."""
        since = asked.since_ns if self.since is None else parse_moment(self.since, now_ns)
        until = asked.until_ns if self.until is None else parse_moment(self.until, now_ns)
        if since is not None and until is not None and since > until:
            raise UsageError(f"the filter's window ends before it begins: {rfc3339(since)} to {rfc3339(until)}")
        return Window(since, until)

    def asks_for(self, *fields: str) -> bool:
        """Tell whether a term is about one of these fields."""
        return any(term.field in fields for term in self.terms)

    def without(self, field_name: str) -> Filter:
        """Return this filter without its terms about a field."""
        return replace(self, terms=tuple(term for term in self.terms if term.field != field_name))

    def require(self, fields: Iterable[str], what: str) -> None:
        """Raise UsageError when a term asks for a field that `what` (say, "lag") does not have."""
        known = tuple(fields)
        for term in self.terms:
            if term.field != TEXT and term.field not in known:
                raise UsageError(f"{what} has no {term.field} to filter by; it has {', '.join(known)} and free text")

    def sql(self, columns: Mapping[str, str], text: Sequence[str] = ()) -> tuple[str, list[str]]:
        """Return this filter as a SQL condition and the values to bind, with the meaning of `matches`.

        `columns` gives the SQL expression of each field that can be asked for, `text` the expressions that free words
        are looked for in (default: all columns). Raises UsageError for a field that has no column.
        """
        self.require(columns, "this question")
        conditions: list[str] = []
        values: list[str] = []
        for term in self.terms:
            expressions = (text or tuple(columns.values())) if term.field == TEXT else (columns[term.field],)
            condition, bound = _term_sql(term, expressions)
            conditions.append(condition)
            values += bound
        return " AND ".join(conditions) or "TRUE", values


def parse_filter(text: str | Iterable[str]) -> Filter:
    """Parse a filter, or the words of one as a shell hands them over. Raises UsageError that names the character."""
    source = text if isinstance(text, str) else " ".join(text)
    terms: list[Term] = []
    times: dict[str, str] = {}
    reader = _Reader(source)
    while reader.skip_blanks():
        start = reader.place
        name, negated = reader.key()
        if name is None:
            terms.append(Term(TEXT, (_anywhere(reader.pattern(stop="")),), negated))
        elif name in _TIMES:
            times[name] = reader.moment(name, start, negated=negated or name in times)
        else:
            terms.append(reader.term(name, negated=negated))
    return Filter(tuple(terms), times.get("since"), times.get("until"), source)


class _Reader:
    """Walks over the text of a filter; `place` is the next character's index."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def skip_blanks(self) -> bool:
        """Move to the next term; False at the end."""
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
        return self.place < len(self.text)

    def wrong(self, message: str, place: int) -> UsageError:
        return UsageError(f"filter, character {place + 1}: {message} (in {self.text!r})")

    def key(self) -> tuple[str | None, bool]:
        """Read `key:` or `!key:`, or the `!` of a free word; the key in its canonical name, None for a free word."""
        match = _KEY.match(self.text, self.place)
        if match is None:
            return None, self._negation()
        word = match[2].lower()
        if word not in KEYS:
            near = difflib.get_close_matches(word, KEYS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KEYS)}."
            raise self.wrong(f"unknown key {match[2]!r}; {hint} Text with a colon stands in quotes", match.start(2))
        self.place = match.end()
        return _ALIASES.get(word, word), bool(match[1])

    def term(self, name: str, *, negated: bool) -> Term:
        """Read the values after `key:`."""
        start = self.place
        if self._negation():
            if negated:
                raise self.wrong("negated twice", start)
            negated = True
        patterns = [self._value(name)]
        while self.text[self.place : self.place + 1] == ",":
            self.place += 1
            patterns.append(self._value(name))
        return Term(name, tuple(patterns), negated)

    def moment(self, name: str, start: int, *, negated: bool) -> str:
        """Read the value of `since:` or `until:`."""
        if negated:
            raise self.wrong(f"{name} is given once and not negated", start)
        place = self.place
        text = "*".join(self.pattern(stop="").parts)
        try:
            parse_moment(text, 0)
        except UsageError as wrong:
            raise self.wrong(f"{name}: {wrong}", place) from None
        return text

    def pattern(self, stop: str) -> Pattern:
        """Read up to a blank or a character of `stop`; quoted pieces hold anything, a star outside is a wildcard."""
        start, parts = self.place, [""]
        while self.place < len(self.text):
            character = self.text[self.place]
            if character.isspace() or character in stop:
                break
            if character == '"':
                parts[-1] += self._quoted()
                continue
            if character == "*":
                parts.append("")
            else:
                parts[-1] += character
            self.place += 1
        if self.place == start:
            raise self.wrong("a value is missing here", start)
        return Pattern(tuple(parts))

    def _value(self, name: str) -> Pattern:
        start = self.place
        pattern = self.pattern(stop=",")
        if name in _OUR_WORDS:
            pattern = Pattern(tuple(part.lower() for part in pattern.parts))
        if name == "partition" and not all(part.isdecimal() or not part for part in pattern.parts):
            raise self.wrong("partition: expected a number", start)
        words = _VOCABULARIES.get(name)
        if words is not None and not any(map(pattern.matches, words)):
            text = "*".join(pattern.parts)
            near = difflib.get_close_matches(text, words, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(words)}"
            raise self.wrong(f"no such {name} {text!r}; {hint}", start)
        return pattern

    def _negation(self) -> bool:
        found = self.text[self.place : self.place + 1] == "!"
        self.place += found
        return found

    def _quoted(self) -> str:
        start, text = self.place, ""
        self.place += 1
        while self.place < len(self.text):
            character = self.text[self.place]
            self.place += 1
            if character == '"':
                return text
            if character == "\\" and self.text[self.place : self.place + 1] in ("\\", '"'):
                character = self.text[self.place]
                self.place += 1
            text += character
        raise self.wrong("this quote is never closed", start)


def _anywhere(pattern: Pattern) -> Pattern:
    """Make a free word's pattern: in any case, with anything around it."""
    return Pattern(("", *(part.lower() for part in pattern.parts), ""))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted_words(pattern: Pattern) -> str:
    return "*".join(_quoted(part) for part in pattern.parts[1:-1])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, Mapping):
        yield str(value)


def _values(row: Mapping[str, Any], name: str) -> Iterator[str]:
    for own in _FIELDS[name]:
        for text in _texts(row.get(own)):
            yield text.lower() if name in _OUR_WORDS else text


def _all_texts(row: Mapping[str, Any]) -> Iterator[str]:
    return (text.lower() for value in row.values() for text in _texts(value))


def _term_sql(term: Term, expressions: Iterable[str]) -> tuple[str, list[str]]:
    fold = term.field == TEXT or term.field in _OUR_WORDS
    alternatives: list[str] = []
    values: list[str] = []
    for expression in expressions:
        text = f"CAST({expression} AS VARCHAR)"
        subject = f"lower({text})" if fold else text
        for pattern in term.patterns:
            literal = len(pattern.parts) == 1
            alternatives.append(f"{subject} = ?" if literal else f"{subject} LIKE ? ESCAPE '\\'")
            values.append(pattern.parts[0] if literal else pattern.like())
    # A null value matches nothing, so that its negation matches: the comparison must not become null itself.
    condition = f"coalesce({' OR '.join(alternatives)}, FALSE)"
    if len(alternatives) > 1:
        condition = f"({' OR '.join(f'coalesce({one}, FALSE)' for one in alternatives)})"
    return (f"NOT {condition}" if term.negated else condition), values


def canonical(name: str) -> str:
    """Return the field that a word before a colon stands for."""
    return _ALIASES.get(name, name)


def vocabulary(field: str) -> tuple[str, ...]:
    """Return flowtrail's own words for a field; none where its values are the data's."""
    return _VOCABULARIES.get(field, ())
