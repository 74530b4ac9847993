"""The map: edges in an order that can be read, drawn where they fit, and what can be done with them by keys."""

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.errors import StoreDamaged
from flowtrail_collector.filters import parse_filter
from flowtrail_tui.model import map_filters, map_words
from flowtrail_tui.model.map import Step, steps, without_figures
from flowtrail_tui.model.map_drawing import columns, layered, least_width, tree
from flowtrail_tui.model.parts import Line, line_width
from flowtrail_tui.places import Place
from flowtrail_tui.text.map import render
from flowtrail_tui.text.map_files import exported
from flowtrail_tui.text.map_mermaid import flowchart
from flowtrail_tui.text.map_svg import picture
from flowtrail_tui.views.map import MapView
from tests.tui.fake import HOSTILE, FakeSource
from tests.tui.fake_map import map_document
from tests.tui.pilot import Driven, running
from tests.tui.test_model import JSON

SHOP = map_document("", findings=True)


def drawing(*edges: str, causes: dict[tuple[str, str], float] | None = None) -> dict[str, Any]:
    """Return a map: `a>t` is a service that publishes, `t>a` a group that reads; t, u, v ... are destinations."""
    made: list[dict[str, Any]] = []
    nodes: dict[str, dict[str, Any]] = {}
    for one in edges:
        start, _, end = one.partition(">")
        publishes = end[0] in "tuvwxyz"
        ends = (f"service:{start}", f"destination:/{end}") if publishes else (f"destination:/{start}", f"group:{end}")
        kind = "publishes" if publishes else "consumes"
        made.append({"kind": kind, "from": ends[0], "to": ends[1], "rate": 10.0, "findings": []})
        for name in ends:
            own = name.partition(":")[2].strip("/")
            nodes[name] = {"id": name, "kind": name.partition(":")[0], "name": own, "findings": []}
    for node in nodes.values():
        if node["kind"] == "service":  # a1 and a2 are groups of the service a
            groups = [other["name"] for other in nodes.values() if other["kind"] == "group"]
            node["groups"] = [name for name in groups if name.rstrip("12") == node["name"]]
    told = [
        {"from": "?", "group": f"group:{group}", "to": f"destination:/{end}", "rate": rate}
        for (group, end), rate in (causes or {}).items()
    ]
    return {"nodes": list(nodes.values()), "edges": made, "causes": told, "findings": []}


def told(drawn: tuple[Step, ...]) -> list[str]:
    """Return steps as `parent>name`, a beginning as its name; what is drawn elsewhere with an arrow."""
    return [
        (f"{drawn[step.parent].name}>" if step.parent is not None else "") + step.name + ("^" if step.elsewhere else "")
        for step in drawn
    ]


def text(lines: list[Line]) -> list[str]:
    """Return lines as they would be read."""
    return ["".join(part.text for part in one) for one in lines]


# The order of the edges.


def test_a_group_goes_on_as_the_service_that_it_is() -> None:
    """What a service publishes goes on from the group that it reads as; it has no beginning of its own."""
    assert told(steps(drawing("a>t", "t>b", "b>u", "u>c"))) == ["a", "a>t", "t>b", "b>u", "u>c"]


def test_sends_of_a_service_with_several_groups_go_on_where_their_cause_came_in() -> None:
    """What no processing caused goes on from the service itself."""
    drawn = steps(drawing("t>b1", "u>b2", "b>v", causes={("b1", "v"): 4.0, ("b2", "v"): 5.0}))
    assert told(drawn) == ["b", "b>v", "t", "t>b1", "b1>v", "u", "u>b2", "b2>v"]
    assert [step.rate for step in drawn if step.name == "v"] == [pytest.approx(1.0), 4.0, 5.0]


def test_what_follows_a_node_is_drawn_once() -> None:
    """Where the node comes again a mark says so; one that leads nowhere needs none."""
    drawn = steps(drawing("a>t", "b>t", "t>c", "t>d", "c>u", "u>d"))
    assert told(drawn) == ["a", "a>t", "t>c", "c>u", "u>d", "t>d", "b", "b>t^"]


def test_a_cycle_begins_where_most_is_sent_that_nothing_caused() -> None:
    """And ends where it would begin again."""
    document = drawing("a>t", "t>b", "b>u", "u>a", causes={("b", "u"): 10.0, ("a", "t"): 1.0})
    assert told(steps(document)) == ["a", "a>t", "t>b", "b>u", "u>a^"]


def test_a_destination_without_a_traced_producer_stands_in_its_own_layer() -> None:
    """Nobody is drawn who was not seen."""
    (start, reader) = steps(drawing("t>b"))
    assert (start.name, start.depth, reader.depth) == ("t", 1, 2)


def test_dead_letters_come_last() -> None:
    """Among what a group publishes; the rest by name."""
    document = drawing("a>t", "a>u", "a>v")
    document["nodes"][1]["dead_letter"] = True
    assert told(steps(document)) == ["a", "a>u", "a>v", "a>t"]


def test_a_collapsed_node_hides_what_follows_and_says_how_much() -> None:
    """What else leads there is drawn all the same."""
    document = drawing("a>t", "t>b", "b>u", "u>c", "d>u")
    drawn = steps(document, {"destination:/t"})
    assert told(drawn) == ["a", "a>t", "d", "d>u", "u>c"]
    assert drawn[1].folded == 3
    assert "3 nodes folded" in "".join(text([map_words.name(drawn[1])]))


EDGES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("tuv"), st.booleans()).map(
        lambda one: f"{one[0]}>{one[1]}" if one[2] else f"{one[1]}>{one[0]}"
    ),
    unique=True,
    max_size=12,
)


@given(EDGES, st.integers(20, 160))
def test_every_edge_is_drawn_once_and_every_step_on_one_line(edges: list[str], cells: int) -> None:
    """Whatever leads where: nothing is left out, told twice, or wider than there is room."""
    every = steps(drawing(*edges))
    assert sorted((step.edge["from"], step.edge["to"]) for step in every if step.edge) == sorted(
        (edge["from"], edge["to"]) for edge in drawing(*edges)["edges"]
    )
    shown = layered(every, cells)
    assert (shown is None) == (least_width(every) > cells)
    if shown is not None:
        assert sorted(place for number in range(len(shown.lines)) for place in set(shown.on(number))) == list(
            range(len(every))
        )
        for pieces in shown.lines:
            assert sum(line_width(piece.parts) for piece in pieces) <= cells
    assert len(tree(every)) == len(every)


@given(JSON)
def test_any_document_is_drawn(part: Any) -> None:
    """What is missing or of another type is unknown; nothing fails on it."""
    node = {"id": "group:g", "kind": "group", "name": part, "services": part, "partitions": part, "findings": part}
    edge = {
        **dict.fromkeys(("rate", "count", "failed", "p95_wait_ms", "wait_range_ms", "lag", "time_lag_ms"), part),
        "kind": "consumes",
        "from": "destination:/t",
        "to": "group:g",
        "waits_across_hosts": True,
        "services": part,
    }
    found = {"findings": [{"kind": part, "severity": part, "count": part}], "status": part}
    start = {"id": "service:s", "kind": part, "groups": part, "dead_letter": part}
    document = {
        "nodes": [node, start, part],
        "edges": [edge | found, {**edge, "kind": "publishes", "from": "service:s"}, part],
        "causes": [part, {"group": part, "to": part, "rate": part}],
        "findings": part,
    }
    drawn = steps(document)
    for step in drawn:
        assert len(map_words.told(step, drawn, [])) == 4
        parse_filter(map_filters.of_step(step))
    render(document, 80)
    exported(without_figures(document))


# What is said.


def test_how_fast_is_said_per_second_or_per_minute() -> None:
    """What is rarer than a second; what is only known from a position is about so much."""
    assert [map_words.pace(rate) for rate in (None, 0.0, 0.05, 3.31, 1204.0)] == [
        "?/s",
        "0/s",
        "3.0/min",
        "3.3/s",
        "1,204/s",
    ]
    assert map_words.pace(88.0, {"rate_from": "positions"}) == "≈88/s"


def test_a_wait_by_two_clocks_is_said_to_be_one() -> None:
    """With the range in which it is true, or that nothing bounds it."""
    shown = steps(map_document("", findings=True))
    step = next(step for step in shown if step.name == "mailer")
    assert step.edge is not None
    step.edge.update(waits_across_hosts=5, wait_range_ms=[20.0, 40.0])
    assert map_words.wait(step).text == "≈31ms"
    assert "two hosts' clocks: 20ms to 40ms" in "".join(text(map_words.told(step, shown, [])))
    step.edge.update(wait_range_ms=None)
    assert "nothing bounds" in "".join(text(map_words.told(step, shown, [])))


def test_findings_that_are_not_known_yet_are_not_none() -> None:
    """A picture without findings says that they are looked for."""
    (step, *_) = steps(map_document("", findings=False))[1:]
    assert text([map_words.findings(step)]) == ["…"]
    assert "being looked for" in text(map_words.told(step, steps(map_document("", findings=False)), []))[3]


def test_filters_lead_to_the_same_edge_elsewhere() -> None:
    """A reader by topic and group; a publication by its topic, for a flow's service is the one that it began with."""
    by_name = {step.name: step for step in steps(SHOP)}
    assert map_filters.of_flows(by_name["ledger"]) == "topic:orders.created group:ledger"
    assert map_filters.of_step(by_name["ledger"]) == "topic:orders.created group:ledger"
    assert map_filters.of_lag(by_name["orders.created"]) == "topic:orders.created"
    assert map_filters.of_step(by_name["orders.created"]) == "topic:orders.created service:checkout"
    assert map_filters.of_flows(by_name["orders.created"]) == "topic:orders.created"
    assert map_filters.of_flows(by_name["checkout"]) == "service:checkout"
    assert map_filters.of_lag(by_name["checkout"]) == "group:checkout"


@pytest.mark.parametrize("name", HOSTILE)
def test_filters_of_odd_names_mean_those_names(name: str) -> None:
    """Blanks, quotes, stars and colons are quoted."""
    document = map_document("", findings=True, evil=f'{name} "*:,!')
    for step in steps(document):
        known = parse_filter(map_filters.of_step(step))
        if step.reads:
            assert known.matches(step.reads)


# Files.


def test_the_picture_is_inert() -> None:
    """It is well-formed, of shapes and text alone, whatever the names hold; nothing in it loads or acts."""
    for name in ("", *HOSTILE, "<script>alert(1)</script>", '"/><a href="x">', "]]>&amp;<!--"):
        root = ElementTree.fromstring(picture(map_document("", findings=True, evil=name)))  # noqa: S314 (our own)
        tags = {element.tag.partition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "title", "style", "path", "rect", "text"}
        named = {attribute for element in root.iter() for attribute in element.attrib}
        assert not {one for one in named if one.startswith("on") or "href" in one}
        style = next(element.text or "" for element in root.iter() if element.tag.endswith("style"))
        assert "url" not in style
        assert "@import" not in style


def test_a_picture_of_nothing_is_one() -> None:
    """An empty map has an empty picture and an empty flowchart."""
    nothing: dict[str, Any] = {"nodes": [], "edges": [], "causes": [], "findings": []}
    assert ElementTree.fromstring(picture(nothing)).tag.endswith("svg")  # noqa: S314 (our own)
    assert flowchart(nothing) == "flowchart LR\n"


def test_the_flowchart_has_each_node_once_and_names_as_text() -> None:
    """What Mermaid could read as more than a letter stands as an entity."""
    chart = flowchart(drawing("a>t", "b>t", "t>c", "c>u", "u>b"))
    assert chart.count('(["c') == chart.count('[("t"') == 1
    assert chart.count("-->") == 5
    evil = 'x"]; click n0 "javascript:alert(1)" %% `<b>` #quot; {{ | __'
    for line in flowchart(map_document("", findings=True, evil=evil)).splitlines()[1:]:
        assert line.count('"') in (0, 2)
        label = line.split('"')[1] if '"' in line else "-"
        assert not set(label.replace("<br/>", "")) & set("`<>[]{}|%()'\\")
        assert "javascript" not in line.replace(label, "")


def test_an_exported_row_is_an_edge() -> None:
    """With the names of the document's fields, and its findings in words."""
    made = exported(SHOP)
    assert len(made.rows) == len(SHOP["edges"])
    row = dict(zip(made.columns, next(row for row in made.rows if "group:billing" in row), strict=True))
    assert (row["from"], row["count"], row["status"]) == ("destination:kafka/orders.created", 1_083_600, "ok")
    assert row["findings"] == "37 redelivery, 3 dead-lettered"
    assert set(made.forms) == {"mmd", "svg"}
    assert made.document is SHOP


# By keys.


def view(ft: Driven) -> MapView:
    """Return the view."""
    return ft.app.base_screen.query_one(MapView)


def at(ft: Driven) -> str:
    """Return the name of the node under the cursor."""
    step = view(ft).map.current
    return step.name if step is not None else ""


def drawn(ft: Driven, name: str) -> str:
    """Return the line of the drawing that shows a node."""
    return next((line for line in ft.lines()[4:] if f"▸ {name}" in line), "")


def asked(ft: Driven) -> list[Any]:
    """Return filter and findings of every question for the map."""
    return [about[1:] for what, about in ft.source.asked if what == "map"]


async def test_the_picture_comes_first_and_its_findings_after_it() -> None:
    """Then it is asked again every five seconds while it is looked at, whole."""
    async with running() as ft:
        await ft.press("4")
        assert asked(ft) == [("", False), ("", True)]
        assert "billing ✗40" in drawn(ft, "billing")
        await ft.wait(4)
        assert len(asked(ft)) == 2
        await ft.wait(1)
        assert asked(ft)[2:] == [("", True)]
        await ft.press("1")
        await ft.wait(20)
        assert len(asked(ft)) == 3


async def test_a_file_is_asked_once() -> None:
    """Its picture does not change."""
    async with running(FakeSource(live=False)) as ft:
        await ft.press("4")
        await ft.wait(60)
        assert asked(ft) == [("", False), ("", True)]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_cursor_moves_along_edges(size: tuple[int, int]) -> None:
    """Right to what follows, left to what came before, up and down the lines; in layers and in a tree alike."""
    async with running(size=size) as ft:
        await ft.press("4", "l", "l")
        assert at(ft) == "audit"
        await ft.press("j")
        assert at(ft) == "billing"
        assert "▌" in drawn(ft, "billing")
        await ft.press("right", "right")
        assert at(ft) == "mailer"
        await ft.press("right")
        assert at(ft) == "mailer"
        await ft.press("left", "h", "h")
        assert at(ft) == "orders.created"
        await ft.press("G")
        assert at(ft) in ("payments.settled", "legacy-etl")
        await ft.press("g")
        assert at(ft) in ("checkout", "orders.created")


async def test_up_and_down_stay_in_the_layer_where_they_can() -> None:
    """From one reader to the next, over what lies behind them."""
    async with running() as ft:
        await ft.press("4", "l", "l", "j", "j")
        assert at(ft) == "orders.dlq"
        await ft.press("j")
        assert at(ft) == "email"
        await ft.press("k", "k")
        assert at(ft) == "invoice.issued"


async def test_the_selected_edge_is_told_below() -> None:
    """How fast, how long, how far behind, what was found; the status bar names it."""
    async with running() as ft:
        await ft.press("4", "l", "l", "j", "j", "j", "j")
        assert at(ft) == "ledger"
        assert "▸ ledger" in ft.lines()[0]
        told_below = "\n".join(ft.lines()[-7:])
        for said in ("1,052/s", "946,800 messages read", "p95 wait 3m 12s", "✗ falling", "lag 181,902", "3 members"):
            assert said in told_below


async def test_keys_lead_from_an_edge_to_other_screens() -> None:
    """Enter to its flows, L to its lag, a to what was found there; escape leads back."""
    async with running() as ft:
        await ft.press("4", "l", "l", "j", "enter")
        assert ft.app.places.now == Place("flows", "topic:orders.created group:billing", True)
        await ft.press("escape", "L")
        assert ft.app.places.now == Place("lag", "topic:orders.created group:billing", True)
        await ft.press("escape", "a")
        assert ft.app.places.now == Place("anomalies", "topic:orders.created group:billing", True)
        await ft.press("escape")
        assert at(ft) == "billing"


async def test_a_node_is_collapsed_and_unfolded() -> None:
    """What follows is hidden, and how much is said; the same key shows it again."""
    async with running() as ft:
        await ft.press("4", "l", "l", "j", "c")
        assert "3 nodes folded" in drawn(ft, "billing")
        assert "invoice.issued" not in ft.text()
        await ft.press("c")
        assert "invoice.issued" in ft.text()
        await ft.press("l", "l", "c")  # nothing follows the mailer
        assert "folded" not in ft.text()


async def test_layers_and_tree_are_changed_by_a_key() -> None:
    """The cursor stays on its edge; where layers need more room, that is said."""
    async with running() as ft:
        await ft.press("4", "l", "l", "j", "v")
        assert "FROM ▸ TO" in ft.text()
        assert at(ft) == "billing"
        await ft.press("v")
        assert "FROM ▸ TO" not in ft.text()
        await ft.pilot.resize_terminal(80, 24)
        await ft.settle()
        assert "FROM ▸ TO" in ft.text()
        assert at(ft) == "billing"
        await ft.press("v")
        assert "layers need" in ft.lines()[-1]


async def test_the_mouse_does_what_keys_do() -> None:
    """A click selects what it hits, in layers too."""
    async with running() as ft:
        await ft.press("4")
        line = next(number for number, one in enumerate(ft.lines()) if "mailer" in one)
        await ft.pilot.click(offset=(ft.lines()[line].index("mailer") + 1, line))
        await ft.settle()
        assert at(ft) == "mailer"
        await ft.pilot.click(offset=(ft.lines()[line].index("billing") + 1, line))
        await ft.settle()
        assert at(ft) == "billing"


async def test_a_filter_draws_what_passes() -> None:
    """And the key that takes it away is offered where nothing does."""
    async with running() as ft:
        await ft.press("4", "slash")
        await ft.type("topic:payments.settled")
        await ft.press("enter")
        assert "legacy-etl" in ft.text()
        assert "billing" not in ft.text()
        await ft.press("slash", "ctrl+u")
        await ft.type("topic:nothing")
        await ft.press("enter")
        assert "Nothing passes the filter" in ft.text()
        await ft.press("x")
        assert "billing" in ft.text()


async def test_nothing_that_flowed_is_said_with_a_key() -> None:
    """Why there is nothing, and what helps."""
    async with running(FakeSource(mapped=False)) as ft:
        await ft.press("4")
        assert "Nothing flowed in the last 15m" in ft.text()
        await ft.press("w")
        assert "Nothing flowed" in ft.text()
        assert "look at all time" not in ft.text()


async def test_an_error_stays_above_the_last_picture() -> None:
    """The picture is kept; asking again is one key."""
    async with running() as ft:
        await ft.press("4")
        ft.source.error = StoreDamaged("flowtrail.duckdb is damaged at block 7")
        await ft.wait(5)
        assert "damaged at block 7" in ft.text()
        assert "billing" in ft.text()
        ft.source.error = None
        await ft.press("r")
        assert "damaged" not in ft.text()


async def test_without_its_source_the_map_has_no_figures() -> None:
    """What was seen once is still drawn; how fast and how far behind is unknown."""
    async with running() as ft:
        await ft.press("4")
        ft.source.gone = True
        await ft.wait(6)
        await ft.wait(1)
        assert "?/s" in drawn(ft, "billing")
        assert "181,902" not in ft.text()
        ft.source.gone = False
        await ft.wait(12)
        assert "1,204/s" in drawn(ft, "billing")


async def test_what_is_copied_and_opened_names_the_edge() -> None:
    """The node, its document, and the fields of an open template."""
    async with running() as ft:
        await ft.press("4", "l", "l", "j")
        assert [one.name for one in view(ft).yankables()] == ["group", "JSON"]
        assert view(ft).openables() == {"topic": "orders.created", "group": "billing", "service": "billing"}
        collect = view(ft).export()
        assert collect is not None
        assert collect().document["edges"]


async def test_escape_gives_a_first_question_up() -> None:
    """And says how to ask again."""
    async with running(FakeSource(latency_s=0.3), wait=False) as ft:
        await ft.pilot.press("4")
        await ft.pilot.pause()
        await ft.pilot.press("escape")
        await ft.pilot.pause()
        assert "Cancelled" in ft.text()
        await ft.settle()


def test_plain_lines_fit_their_width() -> None:
    """In layers where they fit, else as a table."""
    wide, narrow = text(render(SHOP, 200)), text(render(SHOP, 80))
    assert any("invoice.issued" in one and "mailer" in one for one in wide)
    assert narrow[0].startswith("FROM ▸ TO")
    assert max(map(len, narrow)) <= 80
    assert len(columns(80)) == len(columns(120))
    assert text(render({"as_of": None, "coverage": None}, 80)) == ["nothing flowed · nothing received · coverage ?"]
