"""What a pasted text asks about: the id that stands in it, be it quoted, a header line or a line of a log."""

from __future__ import annotations

import re

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "<": ">", "(": ")", "[": "]"}
_EDGES = ",;"
_VALUE = r"""["']?\s*(?:=>|[:=])\s*["']?([^\s"',;&}\])]+)"""


def _label(*words: str) -> re.Pattern[str]:
    """Match `word=value`, `"word": "value"`, `word: value`, the word with any separators and in any case."""
    spelt = "|".join("[-_. ]?".join(word.split()) for word in words)
    return re.compile(rf"(?<![A-Za-z])(?:{spelt}){_VALUE}", re.IGNORECASE)


_TRACEPARENT = re.compile(r"(?<![0-9a-f])[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?![0-9a-f])", re.IGNORECASE)
_MESSAGE = _label("message id", "msg id", "event id", "ce id")
_FLOW = _label("x correlation id", "correlation id", "conversation id")
_TRACE = _label("trace id")
_HEX = re.compile(r"[0-9a-fA-F]{32}")
_RECORD = re.compile(r"(?<![\w.:-])([A-Za-z_][\w.-]*):(\d{1,9}):(\d{1,19})(?![\w:])")
_UUID = re.compile(r"(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])", re.IGNORECASE)
_ANY_TRACE = re.compile(r"(?<![\w-])[0-9a-fA-F]{32}(?![\w-])")
_PREFIXED = re.compile(r"(?:id|flow|trace|record|key):\S")


def question_in(text: str) -> str:
    """Return what a text asks about; where no id can be made out in it, the text itself on one line."""
    one_line = trimmed(" ".join(text.split()))
    if _PREFIXED.match(one_line):
        return one_line
    parent = _TRACEPARENT.search(one_line)
    if parent is not None:
        return parent[0]
    if not _tells_more(one_line):
        return one_line
    return _labelled(one_line) or _standing(one_line) or one_line


def trimmed(text: str) -> str:
    """Take away blanks, quotes and commas around a text."""
    while text:
        shorter = text.strip().strip(_EDGES)
        if len(shorter) > 1 and _QUOTES.get(shorter[0]) == shorter[-1]:
            shorter = shorter[1:-1]
        if shorter == text:
            return text
        text = shorter
    return text


def _tells_more(text: str) -> bool:
    """Tell whether a text is more than an id: it has blanks in it, or says what its value is."""
    return " " in text or any(label.match(text.lstrip("{")) for label in (_MESSAGE, _FLOW, _TRACE)) or text[0:1] == "{"


def _labelled(text: str) -> str:
    """Return an id that a text names by what it is, the one of an event before that of its flow and its trace."""
    for label, prefix in ((_MESSAGE, "id:"), (_FLOW, "flow:"), (_TRACE, "trace:")):
        found = label.search(text)
        if found is not None and (prefix != "trace:" or _HEX.fullmatch(found[1])):
            return prefix + found[1]
    return ""


def _standing(text: str) -> str:
    """Return an id that is known by its form."""
    record = _RECORD.search(text)
    if record is not None:
        return record[0]
    found = _UUID.search(text) or _ANY_TRACE.search(text)
    return found[0] if found is not None else ""
