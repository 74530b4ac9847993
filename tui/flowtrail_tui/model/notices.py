"""What a list says while it has no rows: why, and the one key that helps."""

from __future__ import annotations

from dataclasses import dataclass

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_tui.model.parts import Line, Part, line, wrap


@dataclass(frozen=True, slots=True)
class Notice:
    """A headline, its explanation, and the key that helps (with what a click on it runs)."""

    head: str
    why: str
    key: str = ""
    does: str = ""
    action: str = ""
    role: str = "bright"

    def lines(self, width: int) -> list[Line]:
        """Draw the notice, one line after the other, to be centred."""
        out = [line(Part(self.head, self.role)), ()]
        out += [line(Part(text, "dim")) for text in wrap(self.why, min(width - 4, 84))]
        if self.key:
            out += [
                (),
                line(Part(f" {self.key} ", "key-pill", self.action), Part(f" {self.does}", "text", self.action)),
            ]
        return out


def no_flows(filter_text: str, within: str, stored: int | None, source: str) -> Notice:
    """Say why there is no flow: nothing was ever received, the filter lets nothing pass, or the window is too short."""
    if stored == 0:
        return Notice(
            "No data yet",
            f"{source} holds not a single span. Start a traced service, or try the demo: flowtrail demo",
        )
    if filter_text:
        return Notice(
            "Nothing passes the filter",
            f"{filter_text}   {within}",
            "x",
            "clear the filter",
            "app.clear_filter",
        )
    if within:
        return Notice(f"No flow began {within}", "There may be older ones.", "w", "look at all time", "app.widen")
    return Notice("No flows", f"{source} holds spans, yet none of them belongs to an event.")


def still_looking(filter_text: str, *, stopped: bool) -> Notice:
    """Say that nothing was found so far, and that older flows are being read or can be."""
    passes = f"Of the newest flows none passes {filter_text}." if filter_text else "The newest spans belong to no flow."
    if stopped:
        return Notice("Nothing so far", passes, "end", "look further back", "app.look_further")
    return Notice("Still looking", f"{passes} Older ones are being read.")


def no_lag(filter_text: str, within: str) -> Notice:
    """Say why there is no lag to show."""
    if filter_text:
        return Notice("Nothing passes the filter", filter_text, "x", "clear the filter", "app.clear_filter")
    why = (
        "No group committed or was assigned anything. Without a broker watcher (collect --bootstrap-servers) "
        "only traced groups are seen."
    )
    if within:
        return Notice(f"No group seen {within}", why, "w", "look at all time", "app.widen")
    return Notice("No group seen", why)


def no_map(filter_text: str, window: str) -> Notice:
    """Say why there is nothing to draw."""
    if filter_text:
        return Notice("Nothing passes the filter", filter_text, "x", "clear the filter", "app.clear_filter")
    why = "The map is drawn from what services send and read, and from the groups that a broker watcher sees."
    if window != "all":
        return Notice(f"Nothing flowed in the last {window}", why, "w", "look at all time", "app.widen")
    return Notice("Nothing flowed", why)


def no_reports() -> Notice:
    """Say that no file was made yet, here."""
    return Notice("Nothing made yet", "Reports and exports that are written into this folder are listed here.")


def nothing_asked() -> Notice:
    """Say what can be asked."""
    return Notice(
        "Where did my event go?",
        "Ask with a message id, a correlation id, a trace id or traceparent, destination:partition:offset, "
        "or key:destination/value. The prefixes id: flow: trace: record: decide when several match.",
        ":",
        "ask",
        "app.ask",
    )


def failed(error: Exception, source: str) -> Notice:
    """Say what went wrong with the question, in the error's own words."""
    why = str(error) or type(error).__name__
    if isinstance(error, SourceUnavailable):
        return Notice(f"Waiting for {source}", why, "R", "retry now", "app.retry")
    return Notice("The question was not answered", why, "r", "ask again", "app.reload", "error-strong")


def cancelled() -> Notice:
    """Say that the question was given up."""
    return Notice("Cancelled", "The question was given up before it was answered.", "r", "ask again", "app.reload")


def too_many() -> Notice:
    """Say that the source still works on questions that were given up."""
    return Notice(
        "The source is still busy", "It works on earlier questions that were given up.", "r", "ask again", "app.reload"
    )


def no_events() -> Notice:
    """Say that an answer names no event."""
    return Notice("No event", "The question was understood, yet no event belongs to it.")


def no_anomalies(filter_text: str, window: str, stored: int | None, source: str, muted: int, coverage: str) -> Notice:
    """Say why the inbox is empty: nothing stored, the filter, all of it muted, or truly nothing wrong."""
    if stored == 0:
        return no_flows("", window, stored, source)
    if filter_text:
        why = f"{filter_text}   in the last {window}"
        return Notice("Nothing passes the filter", why, "x", "clear the filter", "app.clear_filter")
    if muted:
        return Notice(
            "Nothing open", f"{muted:,} muted; the filter state:muted shows them.", "/", "filter", "app.filter"
        )
    head = "Nothing wrong was found" + ("" if window == "all" else f" in the last {window}")
    why = f"Coverage is {coverage}." + ("" if coverage == "100%" else " What is missing may hide something.")
    if window == "all":
        return Notice(head, why)
    return Notice(head, why, "w", "look at all time", "app.widen")


def no_spans() -> Notice:
    """Say that nothing is stored of what was asked for."""
    return Notice("No span", "None of them is stored any more: retention deletes spans, answers keep what they said.")
