"""One sitting at a source, without any toolkit: its link, status, coverage and time range, and how it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_tui.model import figures as f
from flowtrail_tui.model import window as ranges
from flowtrail_tui.model.link import LOW_COVERAGE, Link
from flowtrail_tui.preferences import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowtrail_collector.source import Document, Source, Window
    from flowtrail_tui.queries import Answer, Queries

STATUS_LANE = "status"
NAMES_LANE = "names"
EXPORT_LANE = "export"
_SECOND = 10**9
_OFTEN_NS = 10**9 // 4


class Session:
    """What is known of the source between questions; time comes from `now`."""

    def __init__(
        self, source: Source, queries: Queries, now: Callable[[], int], chosen: Preferences | None = None
    ) -> None:
        """Start with nothing known, and with the time range and pace that a person prefers."""
        chosen = chosen or Preferences()
        self.source = source
        self.queries = queries
        self.now = now
        self.link = Link(live=source.live)
        self.range = ranges.named(chosen.window) if chosen.window else ranges.DEFAULT
        self.refresh_ns = round(chosen.refresh_s * _SECOND)
        """So long views wait between two questions about what is shown."""
        self.status: Document = {}
        self.names: Document = {}
        self.coverage: float | None = None
        self._status_due_ns = 0

    def ask(self, lane: str, about: Any, call: Callable[[], Any]) -> bool:
        """Ask in a thread; False where the lane is busy."""
        return self.queries.ask(lane, about, call, self.now())

    def window(self) -> Window | None:
        """Return the time range looked at; None while the end of a file is not known."""
        if self.source.live:
            return self.range.window(self.now())
        return self.range.window(f.moment(self.status.get("as_of"))) if self.status else None

    def within(self) -> str:
        """Say which time range is looked at: `in the last 15m`, `in 11:49-12:04`; nothing for all time."""
        shown, chosen = self.range.shown(self.now()), self.range
        if chosen.since_ns is None and chosen.until_ns is None:
            return f"in the last {shown}" if chosen.seconds is not None else ""
        return f"in {shown}" if chosen.since_ns is not None and chosen.past else shown

    def may_ask(self) -> bool:
        """Tell whether views may ask now: not while the source is away."""
        return not self.link.disconnected

    def stored(self) -> int | None:
        """Return how many spans the source holds; None where it does not say."""
        store = self.status.get("store")
        return f.whole(store.get("spans") if isinstance(store, dict) else self.status.get("spans"))

    def stand(self) -> object:
        """Return what changes whenever the source came to know more; None where it does not say."""
        stored, as_of = self.stored(), self.status.get("as_of")
        return None if stored is None or as_of is None else (stored, as_of)

    @property
    def low_coverage(self) -> bool:
        """True where so much telemetry is missing that answers suffer."""
        return self.coverage is not None and self.coverage < LOW_COVERAGE

    def ask_status(self, *, at_once: bool = False) -> None:
        """Ask how the source is, several times a second: that costs it little, and says whether there is more to ask.

        A file that answered does not change.
        """
        now = self.now()
        due = now >= self._status_due_ns and self.link.may_ask(now) and (self.source.live or not self.link.connected)
        if (due or at_once) and self.ask(STATUS_LANE, None, self.source.status):
            self._status_due_ns = now + _OFTEN_NS

    def learn(self, answer: Answer) -> bool:
        """Learn from an answer whether the source is there; tells whether that changed.

        Failures while a retry is awaited teach nothing: several questions were under way when the source went.
        """
        now, before = self.now(), self.link
        if not isinstance(answer.error, SourceUnavailable):
            self.link = before.answered(now)
        elif before.may_ask(now):
            self.link = before.failed(now, str(answer.error))
        if answer.lane == STATUS_LANE and isinstance(answer.result, dict):
            self.status = answer.result
            if self.coverage is None:
                self.coverage = f.number(self.status.get("coverage"))
        return self.link.disconnected != before.disconnected
