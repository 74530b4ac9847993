"""Where questions are asked: a running collector or a store file, behind one protocol.

Every face (command line, screens, reports) talks to a `Source` and to nothing else. All methods block; screens call
them from worker threads. Results are the JSON documents of the contract as plain dicts, the same over HTTP and from
a file. Errors are those of `errors`.

Nothing heavy is imported here: DuckDB comes with the first store file, and never with a collector's URL.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable, StoreBusy, UsageError
from flowtrail_collector.window import Window, parse_instant, parse_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flowtrail_collector.declarations import Declarations
    from flowtrail_collector.questions.findings import Remembering
    from flowtrail_collector.store.held import HeldFile

__all__ = [
    "DEFAULT_COLLECTOR",
    "DEFAULT_FILE",
    "SOURCE_VARIABLE",
    "Document",
    "Source",
    "StoreSource",
    "Window",
    "open_source",
    "window_of",
]

Document = dict[str, Any]

SOURCE_VARIABLE = "FLOWTRAIL_SOURCE"
DEFAULT_COLLECTOR = "http://localhost:4318"
DEFAULT_FILE = "flowtrail.duckdb"
QUERY_TIMEOUT_S = 60.0
PATIENCE_S = 600.0
"""How long a question to a file may take where whoever asks can end it: a command, or a report's own process."""

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


class Source(Protocol):
    """What can be asked of a collector or a store."""

    name: str
    """What a person calls it: the URL or the file's path."""
    live: bool
    """True for a running collector, False for a file (replay)."""

    def ask(self, what: str, *, chosen: str | None = None) -> Document:
        """`flowtrail.ask/1`: the verdict on one event or flow. Raises NothingKnown, UsageError."""
        ...

    def flows(self, window: Window, filter_text: str = "", *, limit: int = 200, after: str | None = None) -> Document:
        """`flowtrail.flows/1`: flows of the window, newest first; `after` is a document's `next`."""
        ...

    def findings(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.findings/1`: every finding of the window."""
        ...

    def causes(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.causes/1`: the findings of the window by cause, with what people said of each."""
        ...

    def mark(self, cause: str, state: str, *, note: str | None = None, by: str | None = None) -> Document:
        """`flowtrail.mark/1`: keep that a cause is acknowledged, muted or open; without a note the former one stays.

        `by` defaults to the user of this process. Raises UsageError; StoreBusy while someone else holds a store file.
        """
        ...

    def lag(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.lag/1`: one row per group, destination and partition."""
        ...

    def map(self, window: Window, filter_text: str = "", *, findings: bool = True) -> Document:
        """`flowtrail.map/1`: services, destinations and groups, and what flows between them; findings cost the most."""
        ...

    def latency(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.latency/1`: how long events take, per destination and group, and until all groups have them."""
        ...

    def order(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.order/1`: how far arrival differs from sequence, per partition and producer or group."""
        ...

    def losses(self, window: Window, filter_text: str = "") -> Document:
        """`flowtrail.losses/1`: what was published and consumed per destination and group, and what was not."""
        ...

    def expected(self, more: Sequence[tuple[str, str]] = ()) -> Document:
        """`flowtrail.expected/1`: which declared groups were seen at their destinations, and those of `more`."""
        ...

    def names(self, begins: str = "") -> Document:
        """`flowtrail.names/1`: destinations, groups, services and event types; ids and keys that begin so."""
        ...

    def spans(self, refs: Sequence[str], *, traces: Sequence[str] = ()) -> Document:
        """`flowtrail.spans/1`: all that is stored of the spans `<trace id>/<span id>`, and of all spans of `traces`."""
        ...

    def status(self) -> Document:
        """`flowtrail.status/1`: what is stored, received and watched, and how complete it is."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class StoreSource:
    """A store file, held for reading, and written only to keep a mark. Ages count back from its newest span."""

    live = False

    def __init__(
        self, path: str | Path, declarations: Declarations | None = None, timeout_s: float | None = None
    ) -> None:
        """Open the file; `declarations` stand for those that it holds, `timeout_s` ends a question (None: 60 s).

        Raises SourceUnavailable, StoreBusy, StoreRefused or StoreDamaged.
        """
        self.name = str(path)
        self._declarations = declarations
        self._timeout_s = QUERY_TIMEOUT_S if timeout_s is None else timeout_s
        if not Path(path).is_file():
            raise SourceUnavailable(
                f"there is no store file {path}; `flowtrail import` or `flowtrail collect` makes one"
            )
        from flowtrail_collector.store.held import HeldFile

        with _busy_told():
            self._store: HeldFile = HeldFile(Path(path))
        self._remembering: Remembering | None = None

    def __reduce__(self) -> tuple[type[StoreSource], tuple[str, Declarations | None, float]]:
        """Tell another process how to open the same: what is open here can not be handed over.

        Whoever waits for that process can end it, so its questions may take longer.
        """
        return type(self), (self.name, self._declarations, max(self._timeout_s, PATIENCE_S))

    def ask(self, what: str, *, chosen: str | None = None) -> Document:
        """See Source."""
        from flowtrail_collector.questions.ask import ask

        return self._read(lambda connection: ask(connection, what, chosen))

    def flows(self, window: Window, filter_text: str = "", *, limit: int = 200, after: str | None = None) -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.flows import flows

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: flows(connection, asked, parsed, limit, after))

    def findings(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.findings import findings

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: findings(connection, asked, parsed, self._judging()))

    def causes(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.inbox import inbox

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: inbox(connection, asked, parsed, self._judging()))

    def mark(self, cause: str, state: str, *, note: str | None = None, by: str | None = None) -> Document:
        """See Source."""
        from flowtrail_collector import marks

        wanted = marks.marking(cause, state, note, marks.user_name() if by is None else by)
        self._remembering = None  # the file is let go of for a moment, and anybody may write it
        with _busy_told():
            return self._store.write(lambda connection: marks.keep(connection, wanted, time.time_ns()))

    def lag(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.lag import lag

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: lag(connection, asked, parsed))

    def map(self, window: Window, filter_text: str = "", *, findings: bool = True) -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.map import map_

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(
            lambda connection: map_(connection, asked, parsed, findings=findings, judging=self._judging())
        )

    def latency(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.latencies import latencies

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: latencies(connection, asked, parsed))

    def order(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.order import order

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: order(connection, asked, parsed))

    def losses(self, window: Window, filter_text: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.filters import parse_filter
        from flowtrail_collector.questions.losses import losses

        parsed = parse_filter(filter_text)
        asked = parsed.window(window, self._newest_ns())
        return self._read(lambda connection: losses(connection, asked, parsed))

    def expected(self, more: Sequence[tuple[str, str]] = ()) -> Document:
        """See Source."""
        from flowtrail_collector.questions.expected import expected

        return self._read(lambda connection: expected(connection, more))

    def names(self, begins: str = "") -> Document:
        """See Source."""
        from flowtrail_collector.questions.names import names

        return self._read(lambda connection: names(connection, begins))

    def spans(self, refs: Sequence[str], *, traces: Sequence[str] = ()) -> Document:
        """See Source."""
        from flowtrail_collector.questions.spans import spans

        return self._read(lambda connection: spans(connection, refs, traces))

    def status(self) -> Document:
        """See Source."""
        from flowtrail_collector.questions.status import status

        return self._read(lambda connection: status(connection, path=self.name))

    def close(self) -> None:
        """See Source."""
        self._store.close()

    def _newest_ns(self) -> int:
        return newest_ns(self.status())

    def _judging(self) -> Remembering:
        """Return what judges, and remembers: while the file is held, nobody else writes it."""
        from flowtrail_collector.questions.findings import Remembering

        if self._remembering is None:
            self._remembering = Remembering()
        return self._remembering

    def _read(self, question: Callable[[Any], Document]) -> Document:
        declarations = self._declarations
        if declarations is None:
            return self._store.read(question, timeout_s=self._timeout_s)
        from flowtrail_collector.store.declaring import shadow

        def declared(connection: Any) -> Document:
            shadow(connection, declarations)
            return question(connection)

        return self._store.read(declared, timeout_s=self._timeout_s)


@contextmanager
def _busy_told() -> Iterator[None]:
    """Say of a file that someone holds whom to ask instead."""
    try:
        yield
    except StoreBusy as busy:
        raise StoreBusy(
            f"{busy}. While a collector runs, ask it instead of its file: --source {DEFAULT_COLLECTOR}",
        ) from busy


def newest_ns(status: Document) -> int:
    """Return the moment that ages count back from in a file with this status: its newest span, else now."""
    as_of = status.get("as_of")
    return parse_instant(as_of) if isinstance(as_of, str) else time.time_ns()


def window_of(source: Source, since: str | None = None, until: str | None = None) -> Window:
    """Resolve a window as asked of this source: ages count back from now, in a file from its newest span."""
    return parse_window(since, until, time.time_ns() if source.live else newest_ns(source.status()))


def open_source(spec: str | None = None, config: str | Path | None = None, *, timeout_s: float | None = None) -> Source:
    """Open what `spec` names: a collector's URL, `HOST:PORT`, or a store file.

    Without a spec: `$FLOWTRAIL_SOURCE`, else a collector on localhost, else `./flowtrail.duckdb`. A store file is asked
    with the declarations of `config`, else of `./flowtrail.toml`, else with those that it holds; a collector has its
    own, and its own limit to how long a question may take: `timeout_s` is that of a file. Raises SourceUnavailable
    naming what was tried, UsageError for a `config` that does not apply or has a slip, and whatever opening a store
    raises.
    """
    named = spec or os.environ.get(SOURCE_VARIABLE)
    if named is None or not named.strip():
        return _open_default(config, timeout_s)
    try:
        return _open_named(named.strip(), config, timeout_s)
    except FlowtrailError as error:
        if spec is None and isinstance(error, SourceUnavailable):
            raise type(error)(f"{error} (named by ${SOURCE_VARIABLE})") from error
        raise


def _open_named(spec: str, config: str | Path | None, timeout_s: float | None) -> Source:
    scheme, separator, _ = spec.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        return _open_collector(spec, config)
    if separator:
        raise UsageError(f"{spec!r}: a source is http://HOST:PORT, https://HOST:PORT or a store file")
    if _ADDRESS.fullmatch(spec) and not Path(spec).exists():
        return _open_collector(f"http://{spec}", config)
    return _open_store(spec, config, timeout_s)


def _open_collector(url: str, config: str | Path | None) -> Source:
    from flowtrail_collector.client import HttpSource

    if config is not None:
        raise UsageError(
            f"--config {config}: the collector at {url} answers with its own declarations; "
            f"start it with `flowtrail collect --config {config}`, or ask a store file",
        )
    return HttpSource(url)


def _open_store(path: str, config: str | Path | None, timeout_s: float | None) -> Source:
    from flowtrail_collector.configuration import default_configuration, read_configuration

    chosen = default_configuration() if config is None else Path(config)
    return StoreSource(path, None if chosen is None else read_configuration(chosen), timeout_s)


def _open_default(config: str | Path | None, timeout_s: float | None) -> Source:
    from flowtrail_collector.client import PROBE_TIMEOUT_S, HttpSource

    collector = HttpSource(DEFAULT_COLLECTOR)
    try:
        collector.probe(PROBE_TIMEOUT_S)
    except SourceUnavailable as absent:
        collector.close()
        if Path(DEFAULT_FILE).is_file():
            return _open_store(DEFAULT_FILE, config, timeout_s)
        raise SourceUnavailable(
            f"nothing to ask. Tried: ${SOURCE_VARIABLE} (not set); {DEFAULT_COLLECTOR} ({absent.__cause__ or absent}); "
            f"./{DEFAULT_FILE} (no such file). Start `flowtrail collect`, or name a source with --source",
        ) from absent
    if config is not None:
        collector.close()
        return _open_collector(DEFAULT_COLLECTOR, config)
    return collector
