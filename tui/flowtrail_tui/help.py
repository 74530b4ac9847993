"""Every key and what it does; the help overlay, the footer's and the guide's one source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_tui.model.parts import Line, Part, fill_line, line, wrap
from flowtrail_tui.views.registry import VIEWS

if TYPE_CHECKING:
    from flowtrail_tui.keymap import Keymap

KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Anywhere",
        (
            *((entry.key, f"{entry.title}: {entry.does}") for entry in VIEWS if entry.key),
            ("[ ]", "back to the place before, forward again"),
            ("s", "sort the rows, where they have several orders"),
            ("/", "filter the list: topic:orders.* group:billing verdict:!ok since:15m text"),
            ("t", "choose the time range: back from now, or until, at, since a moment of the past"),
            ("J", "go to what the selected row or card names: event, record, flow, group, topic"),
            ("o", "open what is selected in another tool, by a link of yours (terminal.toml)"),
            ("ctrl+s ctrl+o", "save this view under a name, show the saved ones"),
            ("y", "yank: copy id, coordinates, command or JSON"),
            ("e", "export: write exactly what is filtered to a file"),
            ("r", "ask the source again now"),
            ("R", "reconnect now"),
            ("x", "clear the filter"),
            ("w", "look at all time"),
            ("esc", "cancel a question under way, else go back"),
            ("ctrl+p", "palette: views, saved views, themes and everything else by name"),
            ("?", "this help; type to filter it"),
            ("q", "quit (ctrl+c never quits)"),
        ),
    ),
    (
        "In a list",
        (
            ("j k ↓ ↑", "next, previous row"),
            ("ctrl+d ctrl+u", "half a screen down, up"),
            ("pgdn pgup", "a screen down, up"),
            ("g home", "first row"),
            ("G end", "last row (in the live list G follows the newest again)"),
            ("h l ← →", "half a screen sideways"),
            ("enter", "open the row"),
            (
                "mouse",
                "click selects, click again opens, the wheel scrolls; tabs, keys and names can be clicked",
            ),
        ),
    ),
    (
        "Flows",
        (
            ("space", "pause, resume; moving the cursor pauses the view, never the collector"),
            ("G", "resume: follow the newest rows"),
            ("!", "only what went wrong, or everything again"),
            ("enter", "open the flow: its tree of causes over time"),
        ),
    ),
    (
        "Lag",
        (
            ("enter tab", "into the partitions, which get more room; again: back"),
            ("L", "what stands where in the log, instead of how far behind it is"),
            ("T", "draw the age of what is unread, instead of its number"),
            ("a", "what was found of the group"),
        ),
    ),
    (
        "Anomalies",
        (
            ("enter", "list the findings of the cause; there: ask about the event"),
            ("A", "acknowledge the cause, or open it again"),
            ("M", "mute the cause: out of the inbox; the filter state:muted shows it"),
            ("n", "note something on the cause"),
            ("d", "what is new, more, less or gone since the window before"),
        ),
    ),
    (
        "Map",
        (
            ("h l ← →", "along the edge: to the node before, to the first node behind"),
            ("enter", "the flows along the edge"),
            ("L", "the lag of the group, or of all that read here"),
            ("a", "what was found at the edge"),
            ("v", "layers from left to right, or a tree with its figures"),
            ("c", "collapse what follows the node, unfold it"),
        ),
    ),
    (
        "Reports",
        (
            ("enter", "make the report under the cursor; several wait for each other"),
            ("space", "choose formats, or let one go"),
            ("esc", "end the report that is being made; nothing of it is left"),
            ("tab", "reports, formats, files"),
            ("enter o", "on a file: open it"),
            ("y", "copy a file's path, or the command that makes the report"),
        ),
    ),
    (
        "Ask",
        (
            ("tab shift+tab", "in the input: how it may go on, from what the source knows"),
            ("↑ ↓", "in the input: earlier, later question"),
            (
                ": lag",
                "a command instead of a question: flows, since 1h, until 12:04, theme light, save, help, quit",
            ),
            ("ctrl+d ctrl+u", "scroll the card, also from the list of events"),
            ("tab", "between the events and the card"),
            ("c", "understand the question in another way, where several match"),
            ("enter", "open the event's flow"),
            ("E", "evidence: the spans that prove the answers"),
        ),
    ),
    (
        "Flow",
        (
            ("v", "the next way to see it: waterfall, sequence, raw spans"),
            ("n N", "next, previous row with which something is wrong"),
            ("← →", "fold and open a row; in the sequence, pan by a lane"),
            ("f", "show nothing but the selected row and what it caused; esc leaves"),
            ("z", "fit the time axis to that; z again shows the whole flow"),
            ("R", "count times from the parent, or from the flow's start"),
            ("enter", "the verdict on the event; in raw, the span whole"),
            ("E", "evidence: the spans that prove what the row claims"),
            ("tab", "between the rows and the pane"),
        ),
    ),
    (
        "Evidence",
        (
            ("enter", "everything that is stored of the span"),
            ("tab", "between the rows and the pane"),
        ),
    ),
)


_REMAPPABLE = ("Anywhere", "In a list", "Flows")
"""Parts whose keys can be given others: those of the other views are theirs."""
_KEY_WIDTH = 18


def _key_lines(key: str, does: str, width: int) -> list[Line]:
    texts = wrap(does, width - _KEY_WIDTH - 1)
    named = (Part("  "), Part(key, "spelt"))
    return [(*fill_line(() if place else named, _KEY_WIDTH), Part(text)) for place, text in enumerate(texts)]


def help_lines(wanted: str, width: int, keymap: Keymap, slip: str = "") -> list[Line]:
    """Draw the keys whose line holds every word of `wanted`; above all, what is wrong in the preferences."""
    words = wanted.lower().split()
    lines: list[Line] = []
    if slip and not words:
        lines += [(), *(line(Part(text, "error")) for text in wrap(f"! {slip}", width - 1))]
    for title, as_given in KEYS:
        keys = [(keymap.spell(key, anywhere=True) if title in _REMAPPABLE else key, does) for key, does in as_given]
        rows = [(key, does) for key, does in keys if all(one in f"{title} {key} {does}".lower() for one in words)]
        if rows:
            lines += [(), line(Part(title, "title"))]
            lines += [one for key, does in rows for one in _key_lines(key, does, width)]
    return lines[1:] or [line(Part(f"No key matches {wanted}", "dim"))]
