"""What is proposed while someone types, and which texts are commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.filters import parse_filter
from flowtrail_tui.model.commands import Command, command
from flowtrail_tui.model.completion import MOST, Proposal, for_filter, for_question, strip
from flowtrail_tui.model.parts import line_width
from tests.tui.fake import HOSTILE

NAMES = {
    "destinations": ["orders", "orders.dlq", "payments.v1", "two words"],
    "groups": ["billing", "payment", "ledger"],
    "services": ["checkout"],
    "types": ["OrderPlaced"],
    "begins": ["flow:order-1", "flow:order-12", "key:orders/order-1", "id:order-7"],
}


def texts(proposals: list[Proposal]) -> list[str]:
    return [one.text for one in proposals]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", ["id:", "flow:", "trace:", "record:", "key:"]),
        ("pay", ["payments.v1:"]),
        ("orders.", ["orders.dlq:"]),
        ("record:pay", ["record:payments.v1:"]),
        ("key:pay", ["key:payments.v1/"]),
        ("key:orders/", ["key:orders/order-1"]),
        ("order-", ["flow:order-1", "flow:order-12", "key:orders/order-1", "id:order-7"]),
        ("flow:order-1", ["flow:order-12"]),
        ("la", ["lag "]),
        ("theme l", ["theme light"]),
        ("since ", ["since 5m", "since 15m", "since 1h", "since 6h", "since 24h", "since 7d", "since all"]),
        ("flows gro", ["flows group:"]),
        ("lag group:bi", ["lag group:billing"]),
        ("qui", ["quit"]),
        ("nothing at all", []),
    ],
)
def test_how_a_question_goes_on(typed: str, first: list[str]) -> None:
    """Prefixes, destinations, ids that begin so, commands and what follows them."""
    assert texts(for_question(typed, NAMES))[: len(first) or None] == first


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("gr", ["group:"]),
        ("verdict:dup", ["verdict:duplicated"]),
        ("verdict:!dup", ["verdict:!duplicated"]),
        ("!verdict:dup", ["!verdict:duplicated"]),
        (
            "topic:orders group:",
            ["topic:orders group:billing", "topic:orders group:payment", "topic:orders group:ledger"],
        ),
        ("group:billing,le", ["group:billing,ledger"]),
        ("topic:two", ['topic:"two words"']),
        ('topic:"two w', ['topic:"two words"']),
        ("kind:tel", ["kind:telemetry-gap"]),
        ("severity:w", ["severity:warning"]),
        ("service:ch", ["service:checkout"]),
        ("type:ord", ["type:OrderPlaced"]),
        ("since:1", ["since:15m", "since:1h"]),
        ("key:x", []),
        ("group:billing", []),
    ],
)
def test_how_a_filter_goes_on(typed: str, proposed: list[str]) -> None:
    """Fields, their values from the data or from flowtrail's own words; what is before stays."""
    assert texts(for_filter(typed, NAMES)) == proposed
    for one in proposed:
        if not one.endswith(":"):
            parse_filter(one)


def test_every_field_can_be_completed() -> None:
    """A person who types a first letter sees the fields there are; a strange text proposes nothing."""
    assert {one.text for one in for_filter("k", NAMES)} == {"kind:", "key:"}
    assert len(for_filter("", NAMES)) <= MOST
    assert for_filter("§", NAMES) == []


def test_names_that_can_not_be_typed_are_not_proposed() -> None:
    """What the input would have to alter is left out: it would ask for something else."""
    names = {"destinations": list(HOSTILE), "begins": [f"flow:{one}" for one in HOSTILE]}
    for typed in ("", "n", "n" * 9_999, "\x1b", "record:"):
        for one in for_question(typed, names) + for_filter(f"topic:{typed}", names):
            assert one.text.isprintable()


@given(st.text(max_size=60))
def test_any_text_can_be_gone_on_from(typed: str) -> None:
    """Nothing typed is too strange, and the line of proposals fits its width."""
    for proposals in (for_question(typed, NAMES), for_filter(typed, NAMES)):
        assert line_width(strip(proposals, 0, 60)) <= 60


def test_the_chosen_proposal_is_in_sight() -> None:
    """However many there are, the line shows the one that is chosen."""
    proposals = [Proposal(f"proposal-{number}", f"proposal-{number}") for number in range(MOST)]
    shown = [part for part in strip(proposals, 25, 80) if part.role == "tab-current"]
    assert [part.text for part in shown] == [" proposal-25 "]
    assert shown[0].action == "app.complete(25)"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lag", Command("lag")),
        (":lag", Command("lag")),
        ("flows group:billing verdict:!ok", Command("flows", "group:billing verdict:!ok")),
        ("THEME light", Command("theme", "light")),
        ("q", Command("quit")),
        ("help filter", Command("help", "filter")),
        ("report duplicates", Command("report", "duplicates")),
        ("since 1h", Command("since", "1h")),
        ("id:lag", None),
        ("flow:help", None),
        ("lag:3:1042", None),
        ("ord-88213", None),
        ("quit it", None),
        ("", None),
    ],
)
def test_which_texts_are_commands(text: str, meant: Command | None) -> None:
    """A first word that is a command's; with a prefix or a place it is a question."""
    assert command(text) == meant
