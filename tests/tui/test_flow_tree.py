"""The tree of a flow's causes and its drawings: pure, from documents to lines."""

from typing import Any

import pytest

from flowtrail_tui.model import flow_head, flow_pane, flow_row, flow_tree, sequence, strokes, waterfall
from flowtrail_tui.model.flow_shown import Shown
from flowtrail_tui.model.flow_tree import Flow, Node
from flowtrail_tui.model.parts import Line, line_width
from flowtrail_tui.text import flow as text
from tests.tui import fake_flow as made
from tests.tui.fake import HOSTILE


def written(lines: list[Line]) -> str:
    return "\n".join("".join(part.text for part in line).rstrip() for line in lines)


def outline(flow: Flow) -> str:
    """Write the tree as names, indented."""
    indents = str.maketrans("├└│", "   ")
    rows = waterfall.rows(flow)
    return "\n".join(f"{row.guides.translate(indents)}{row.node.name} {row.node.word.text}".rstrip() for row in rows)


def drawn(document: dict[str, Any], width: int) -> str:
    flow = flow_tree.read(document)
    rows = waterfall.rows(flow)
    on = waterfall.sheet(rows, waterfall.scale_of(flow.nodes), width, start=flow.begin)
    return written([waterfall.header(on), *(waterfall.draw(row, on) for row in rows)])


def node(flow: Flow, name: str, place: int = 0) -> Node:
    return [one for one in flow.nodes if one.name == name][place]


def test_an_event_hangs_below_the_delivery_that_caused_it() -> None:
    """Of two handlings by the same service, the one under way when the event was published."""
    assert outline(flow_tree.read(made.duplicated())) == OUTLINE


OUTLINE = """\
orders.created duplicated
  search-index ok
  email failed
  email ok
  billing ok
    invoice.issued ok
      mailer ok
  billing again
    invoice.issued pending
      mailer pending
  ledger ok
  audit passed"""


def test_where_no_delivery_is_certain_it_hangs_below_the_event() -> None:
    """Two handlings under way at once: nobody can say which of them published."""
    both = made.group("b", made.delivery("b", 5, 90), made.delivery("b", 6, 95, attempt=2))
    flow = flow_tree.read(
        made.told(made.event("m-0", "a", "x", 0, both), made.event("m-1", "c", "b", 50, causation_id="m-0"))
    )
    assert node(flow, "c").parent is node(flow, "a")


def test_the_only_handling_of_its_producer_is_certain() -> None:
    """Also where the event was sent after the handling had ended, as from a buffer."""
    flow = flow_tree.read(
        made.told(
            made.event("m-0", "a", "x", 0, made.group("g", made.delivery("b", 5, 9)), made.group("other")),
            made.event("m-1", "c", "b", 500, causation_id="m-0"),
        )
    )
    assert node(flow, "c").parent is node(flow, "g")


def test_what_is_caused_by_something_unknown_is_a_root() -> None:
    """A cause that the answer does not hold is not made up."""
    flow = flow_tree.read(made.told(made.event("m-1", "c", "b", 50, causation_id="gone")))
    assert [root.name for root in flow.roots] == ["c"]


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_circle_of_causes_has_a_beginning(length: int) -> None:
    """Events that name each other as their causes are all shown, each once; the earliest is the root."""
    events = [
        made.event(f"m-{one}", f"t-{one}", "x", one, causation_id=f"m-{(one - 1) % length}") for one in range(length)
    ]
    flow = flow_tree.read(made.told(*events))
    assert [root.name for root in flow.roots] == ["t-0"]
    assert len(flow.nodes) == length


def test_a_chain_may_be_deep() -> None:
    """As long as an answer can be, without running out of anything."""
    flow = flow_tree.read(made.chain(500))
    assert len(waterfall.rows(flow)) == 1000
    assert drawn(made.chain(500), 118).count("\n") == 1000


def test_many_siblings_stand_behind_one_row() -> None:
    """Twenty are shown, the rest is counted; what is wrong among them is said and found."""
    flow = flow_tree.read(made.fan(400))
    shown = Shown(flow)
    (more,) = [row.node for row in shown.rows if row.node.kind == "more"]
    assert len(more.children) == 380
    assert "(+380) mail.queued" in drawn(made.fan(400), 118)
    assert more.bad
    assert sum(row.node.name == "mail.queued" for row in shown.rows) == 21
    found = shown.next_bad(0, 1)
    assert found is not None
    assert shown.rows[found].node.name == "email"
    assert len(shown.rows) == 403 + 1


def test_the_waterfall_wide() -> None:
    """Bars: publish, wait, handling, redelivery wait, failure; passed by position; waiting to the end of the axis."""
    assert drawn(made.duplicated(), 118) == WIDE


WIDE = """\
EVENT / DELIVERY               OUTCOME            WHERE                 START+  0            500ms       1s      1.46s
▾ orders.created 6f1c2a90      × duplicated       checkout → 2:177310      0ms  ●
├ search-index                 ✓ ok 22ms          search-index-0-8d1f     30ms  ░█
├ email                        ✗ failed 23ms      email-0-8d1f            39ms  ░█✗
├ email                        ✓ ok 90ms          email-0-8d1f           1.20s    ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒████
├ ▾ billing                    ✓ ok 88ms          billing-0-8d1f          56ms  ░████
│ └ ▾ invoice.issued 9ab2c0de  ✓ ok               billing → 2:61022      140ms      ●
│   └ mailer                   ✓ ok 10ms          mailer-0-8d1f          180ms      ░█
├ ▾ billing                    × again 91ms       billing-2-77aa         1.37s      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒███
│ └ ▾ invoice.issued 77fe0bad  … pending          billing → 2:61025      1.40s                                     ●
│   └ mailer                   … pending          group mailer               –                                      ░…
├ ledger                       ✓ ok 140ms         ledger-0-8d1f           60ms  ░░████
└ audit                        ? passed           group audit                –   ?"""


def test_the_waterfall_narrow() -> None:
    """Below a hundred columns: the tree and durations."""
    assert drawn(made.duplicated(), 78) == NARROW


NARROW = """\
EVENT / DELIVERY                                    OUTCOME             START+
▾ orders.created 6f1c2a90                           × duplicated           0ms
├ search-index                                      ✓ ok 22ms             30ms
├ email                                             ✗ failed 23ms         39ms
├ email                                             ✓ ok 90ms            1.20s
├ ▾ billing                                         ✓ ok 88ms             56ms
│ └ ▾ invoice.issued 9ab2c0de                       ✓ ok                 140ms
│   └ mailer                                        ✓ ok 10ms            180ms
├ ▾ billing                                         × again 91ms         1.37s
│ └ ▾ invoice.issued 77fe0bad                       … pending            1.40s
│   └ mailer                                        … pending                –
├ ledger                                            ✓ ok 140ms            60ms
└ audit                                             ? passed                 –"""


def test_the_sequence() -> None:
    """Lanes from left to right, time downwards, gaps folded, an arrow per step; lanes out of view are counted."""
    told = sequence.read(flow_tree.read(made.duplicated()))
    on = sequence.grid(told, 116, 1)
    lines = [sequence.header(told, on), *(sequence.draw(told, entry, on) for entry in told.entries)]
    assert written(lines) == SEQUENCE


SEQUENCE = """\
 [orders.created]    search-index        email               billing             [invoice.issued]            ← 1 2 →
──►● p2:177310 orders… │                   │                   │                   │                            +0ms
   ├──────────────────►█ ok 22ms           │                   │                   │                           +30ms
   ├───────────────────┼──────────────────►✗ failed 23ms SMTP… │                   │                           +39ms
   ├───────────────────┼───────────────────┼──────────────────►█ ok 88ms           │                           +56ms
   ├───────────────────┼───────────────────┼───────────────────┼───────────────────┼──────────────────›        +60ms
   │                   │                   │                   ├── 9ab2c0de ──────►● p2:61022 invoice…        +140ms
   │                   │                   │                   │                   ├──────────────────›       +180ms
   ┊ 1.02s             ┊                   ┊                   ┊                   ┊
   ├───────────────────┼──────────────────►█ ok 90ms           │                   │                          +1.20s
   ├───────────────────┼───────────────────┼──────────────────►× again 91ms        │                          +1.37s
   │                   │                   │                   ├── 77fe0bad ──────►● p2:61025 invoice…        +1.40s"""


def test_a_clock_that_disagrees_is_marked_and_no_wait_is_drawn() -> None:
    """A delivery that seems to begin before its publication: a mark, a sentence, no bar for the time between."""
    flow = flow_tree.read(made.told(made.event("m-0", "a", "x", 100, made.group("b", made.delivery("y", 40, 300)))))
    assert node(flow, "b").skewed
    rows = waterfall.rows(flow)
    on = waterfall.sheet(rows, waterfall.scale_of(flow.nodes), 118)
    bars = waterfall.draw(rows[1], on)
    assert "░" not in written([bars])
    assert "±" in written([bars])
    assert "± clocks disagree" in written([strokes.legend(row.node for row in rows)])
    assert "begin 60ms before its publication" in written(flow_pane.pane(node(flow, "b"), 118))


def test_without_times_nothing_is_drawn() -> None:
    """What is not known has no bar, and no time of nought."""
    event = made.event("m-0", "a", "x", 0, made.group("b", made.delivery("b", 5, 9, started_at=None, ended_at=None)))
    event["published"]["records"] = []
    document = made.told(event)
    assert "█" not in drawn(document, 118)
    assert "–" in drawn(document, 118).splitlines()[1]


def test_zoom_fits_the_axis_to_a_subtree() -> None:
    """The times of the axis are the subtree's, counted from the flow's start; bars outside are pointed at."""
    shown = Shown(flow_tree.read(made.duplicated()))
    again = shown.index(node(shown.flow, "billing", 1))
    assert shown.zoom(again)
    on = shown.sheet(118)
    header = written([waterfall.header(on)])
    assert "1.37s" in header
    assert header.endswith("1.46s")
    first = written([waterfall.draw(shown.rows[0], on)])
    assert first.endswith("‹")
    assert not shown.zoom(again)
    assert shown.sheet(118).scale == shown.whole


def test_times_from_the_parent() -> None:
    """R counts from what a row stands below."""
    shown = Shown(flow_tree.read(made.duplicated()))
    index = shown.index(node(shown.flow, "invoice.issued", 1))
    assert " 1.40s " in written([waterfall.draw(shown.rows[index], shown.sheet(118))])
    shown.turn_times()
    assert " 31ms " in written([waterfall.draw(shown.rows[index], shown.sheet(118))])


def test_folding_and_focus() -> None:
    """A folded row hides what it caused and counts it; left goes up, right goes in; focus shows a subtree alone."""
    shown = Shown(flow_tree.read(made.duplicated()))
    billing = node(shown.flow, "billing")
    place = shown.index(billing)
    assert shown.left(place) == place
    assert node(shown.flow, "mailer") not in [row.node for row in shown.rows]
    assert "(+1)" in written([waterfall.draw(shown.rows[place], shown.sheet(118))])
    assert shown.left(place) == 0
    assert shown.right(place) == place
    assert shown.right(place) == place + 1
    assert shown.focus_on(place) == 0
    assert [row.node.name for row in shown.rows] == ["billing", "invoice.issued", "mailer"]
    assert shown.focus_on(None) == place


def test_anomalies_are_gone_through_in_both_directions() -> None:
    """From the first delivery that went wrong to the last, and back; beyond them nothing is found."""
    shown = Shown(flow_tree.read(made.duplicated()))
    first = shown.first_bad()
    assert (shown.rows[first].node.name, shown.rows[first].node.word.text) == ("email", "failed")
    second = shown.next_bad(first, 1)
    assert second is not None
    assert shown.rows[second].node.word.text == "again"
    assert shown.next_bad(second, 1) is None
    assert shown.next_bad(second, -1) == first


def test_the_pane_tells_a_delivery() -> None:
    """When, where, which attempt, by whom, why, what it caused, and how to ask it again."""
    flow = flow_tree.read(made.duplicated())
    told = written(flow_pane.pane(node(flow, "billing", 1), 160))
    for fact in (
        "delivery of orders.created:2:177310 to billing",
        "partition 2  offset 177310  attempt 2  generation 42  member billing-2-77aa  service billing",
        "redelivery: billing handled this event twice, 1.31 s apart, after a rebalance (generation 41 to 42)",
        "published invoice.issued invoice.issued:2:61025",
        "id 6f1c2a90  flow ord-88190  key ord-88190  trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "flowtrail ask id:6f1c2a90",
    ):
        assert fact in told


def test_the_pane_tells_what_is_only_inferred_and_what_waits() -> None:
    """A group without a delivery says what is known of it and what is not."""
    flow = flow_tree.read(made.duplicated())
    assert "nobody saw it handled, so when is not known" in written(flow_pane.pane(node(flow, "audit"), 118))
    assert "12 records in front of it" in written(flow_pane.pane(node(flow, "mailer", 1), 118))


def test_the_head_counts() -> None:
    """The flow's name, its gravest word and where, how large it is."""
    head = written([flow_head.head(flow_tree.read(made.duplicated()), "waterfall", 124)])
    assert "ord-88190  × DUPLICATED in billing  1.46s · 3 events · 7 deliveries · 6 groups " in head
    assert head.endswith("v [waterfall] sequence raw   evidence A")


def test_evidence_of_a_claim() -> None:
    """A delivery's claim rests on its group's spans and on those of the findings about the group."""
    flow = flow_tree.read(made.duplicated())
    proof = flow_row.evidence_of(node(flow, "billing", 1))
    assert proof is not None
    assert made.redelivery()["evidence"][0] in proof.refs
    assert proof.question == "id:6f1c2a90"
    published = flow_row.evidence_of(node(flow, "orders.created"))
    assert published is not None
    assert published.refs == (made.ref(177_310),)
    assert flow_row.evidence_of(node(flow, "audit")) is None


def test_a_filter_of_hostile_names_is_understood() -> None:
    """What is wrong at a destination is asked for by a filter that names exactly it."""
    from flowtrail_collector.filters import parse_filter

    for name in (*HOSTILE, 'a"b:c,d!*', "orders.created"):
        flow = flow_tree.read(made.told(made.event("m", name, "x", 0, made.group(name, made.delivery("b", 1, 2)))))
        parsed = parse_filter(flow_row.anomalies_of(flow.nodes[-1]))
        assert parsed.matches({"destination": name, "group": name})
        assert not parsed.matches({"destination": name + "x", "group": name})


def test_mermaid() -> None:
    """Each lane a participant, each step an arrow, a failed one crossed."""
    lines = written(text.mermaid(made.duplicated())).splitlines()
    assert lines[0] == "sequenceDiagram"
    assert "    participant L0 as checkout" in lines
    assert "    L0->>L1: 6f1c2a… p2#58;177310 orders.created" not in lines  # an id of eight characters is short enough
    assert "    L0->>L1: 6f1c2a90 p2#58;177310 orders.created" in lines
    assert "    L1--xL3: failed 23ms SMTP 421" in lines


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_no_harm(name: str) -> None:
    """No line is wider than its list; Mermaid gets a line per step, and no name is a command in it."""
    document = made.told(
        made.event(name, name, name, 0, made.group(name, made.delivery(name, 5, 9, member=name, error=name))),
        made.event(name + "1", name, name, 6, causation_id=name),
    )
    flow = flow_tree.read(document)
    rows = waterfall.rows(flow)
    told = sequence.read(flow)
    for width in (40, 78, 118):
        on = waterfall.sheet(rows, waterfall.scale_of(flow.nodes), width, start=flow.begin)
        grid = sequence.grid(told, width)
        lines = [waterfall.draw(row, on) for row in rows] + [sequence.draw(told, one, grid) for one in told.entries]
        lines += [waterfall.header(on), sequence.header(told, grid)]
        assert all(line_width(line) <= width for line in lines)
    diagram = sequence.mermaid(told)
    assert len(diagram.splitlines()) == 1 + len(told.lanes) + len(told.entries)
    assert diagram.isprintable() or all(char.isprintable() or char == "\n" for char in diagram)
    assert ";" not in diagram.replace("#35;", "").replace("#59;", "").replace("#58;", "").replace("#lt;", "").replace(
        "#gt;", ""
    ).replace("#92;", "").replace("#37;", "")


def test_panning_brings_a_step_into_view() -> None:
    """More lanes than fit are panned by one; a step out of view brings its lanes along."""
    told = sequence.read(flow_tree.read(made.chain(6)))
    on = sequence.grid(told, 78)
    assert (on.first, on.shown < len(told.lanes)) == (0, True)
    last = told.entries[-1]
    assert "›" in written([sequence.draw(told, last, on)])
    first = sequence.reaching(told, last, on)
    panned = sequence.grid(told, 78, first)
    assert "█" in written([sequence.draw(told, last, panned)])
    assert f"← {first}" in written([sequence.header(told, panned)])
