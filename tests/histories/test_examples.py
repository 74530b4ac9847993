"""Every example of docs/answers.md is told to a store, and the answers are those that the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.histories.telling import Teller

PAGE = Path(__file__).parents[2] / "docs" / "answers.md"
EXAMPLE = re.compile(
    r"\*\*(?P<name>[^*]+)\.\*\*(?:(?!\*\*).)*?```history\n(?P<history>.*?)```\s*```answers\n(?P<answers>.*?)```",
    re.DOTALL,
)
EXAMPLES = {match["name"]: match for match in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))}
WORDS = re.compile(r"^\| (?P<words>(?:`[a-z-]+`(?:, )?)+) \|", re.MULTILINE)


def answered(store, line):
    """Return what the product says where the page says `line`."""
    if line.startswith("findings:"):
        rows = store.findings()
        said = sorted(
            {f"{row['kind']} {row['severity']}" + (f" ({row['reason']})" if row["reason"] else "") for row in rows}
        )
        return "findings: " + (", ".join(said) if said else "none")
    if re.match(r"\S+ (\S+ latency|convergence): ", line):
        return times(store.latency(), line.partition(":")[0])
    what, who = line.rsplit(": ", 1)[0].rsplit(" ", 1)
    event = next(event for event in store.ask(what)["events"])
    if who in ("published", "duplicated", "reordered"):
        answer = event[who]
    else:
        (answer,) = [line for line in event["consumed"] if line["group"] == who]
    reason = answer.get("reason")
    return f"{what} {who}: {answer['answer']}" + (f" ({reason})" if reason else "")


def times(document, named):
    """Say how long events took: `orders payment latency` of a group, `orders convergence` of all."""
    destination, *group = named.split()[:-1]
    (row,) = [
        row
        for row in document["rows" if group else "convergence"]
        if row["destination"] == destination and (not group or row["group"] == group[0])
    ]
    said = f"{named}: {row['events']} event{'' if row['events'] == 1 else 's'}"
    said += f", p50 {row['p50_ms']:g} ms, max {row['max_ms']:g} ms"
    missing = [f"{one['events']} {one['reason']}" for one in row.get("unmeasured", row.get("unconverged"))]
    return "; ".join([said, *missing, *([f"unreliable: {row['reason']}"] if row["unreliable"] else [])])


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_true(told, name):
    """The history, told as spans, gets the answers that the page gives."""
    match = EXAMPLES[name]
    lines = match["history"].splitlines()
    declared = [line.removeprefix("declared: ") for line in lines if line.startswith("declared: ")]
    store = told(Teller().tell("\n".join(line for line in lines if not line.startswith("declared: "))))
    store.declare("\n".join(declared))
    expected = match["answers"].strip().splitlines()
    assert [answered(store, line) for line in expected] == expected


def test_every_word_has_its_example():
    """Each answer and each finding of the page's tables stands in some example's answers."""
    page = PAGE.read_text(encoding="utf-8")
    shown = " ".join(match["answers"] for match in EXAMPLES.values())
    words = {word for match in WORDS.finditer(page) for word in re.findall("[a-z-]+", match["words"])}
    assert len(words) >= 30
    assert {word for word in words if not re.search(rf"(?<![\w-]){word}(?![\w-])", shown)} == set()
