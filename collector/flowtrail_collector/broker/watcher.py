"""The thread that samples a broker and writes down what changed; a broker that does not answer is asked again later."""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from flowtrail_collector.broker.sample import Place, Sample, stuck, write
from flowtrail_collector.errors import FlowtrailError, SourceUnavailable
from flowtrail_collector.window import rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import duckdb

EVERY_S = 5.0
WHOLE_EVERY_S = 600.0
"""So often everything is written, changed or not: what retention removes must stand again."""
LOOK_WITHIN = 10
"""Groups that stand at most so many offsets before the end, unmoved, may stand before a marker."""
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STOP_TIMEOUT_S = 2.0
_log = logging.getLogger(__name__)


class Broker(Protocol):
    """What the watcher needs of a broker."""

    def sample(self) -> Sample:
        """Ask everything once."""
        ...

    def look(self, sample: Sample, places: Iterable[Place], within: int) -> dict[Place, int]:
        """Find the last readable offset + 1 of partitions."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class BrokerWatcher:
    """Samples a broker every few seconds in a thread of its own: neither receiving nor asking ever waits for it."""

    def __init__(
        self,
        bootstrap_servers: str,
        connect: Callable[[], Broker],
        store: Callable[[Callable[[duckdb.DuckDBPyConnection], None]], None],
        *,
        every_s: float = EVERY_S,
        whole_every_s: float = WHOLE_EVERY_S,
    ) -> None:
        """Watch what `connect` opens; `store` runs a change in the store's writer (`Store.write`)."""
        self.bootstrap_servers = bootstrap_servers
        self._connect = connect
        self._store = store
        self._every_s = every_s
        self._whole_every_s = whole_every_s
        self._whole_due = 0.0
        self._broker: Broker | None = None
        self._last: Sample | None = None
        self._failures = 0
        self._error: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flowtrail-broker", daemon=True)

    def connect(self) -> None:
        """Reach the broker, for the start of a collector. Raises SourceUnavailable saying what was tried."""
        self._tried(self._connected)

    def check(self) -> None:
        """Sample once, now. Raises SourceUnavailable saying what was tried."""
        self._tried(self._round)

    def _tried(self, step: Callable[[], object]) -> None:
        try:
            step()
        except FlowtrailError:
            raise
        except Exception as error:
            self._disconnect()
            raise SourceUnavailable(
                f"the broker does not answer: tried {self.bootstrap_servers} ({_why(error)}). "
                "Check --bootstrap-servers, that the broker advertises an address that can be reached from here, and "
                "--kafka-config where it asks for TLS or a login",
            ) from error

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer; a question that hangs is left behind."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)
        else:
            self._disconnect()

    def status(self) -> dict[str, Any]:
        """Say how the watching goes, for `flowtrail.status/1`."""
        last = self._last
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "state": "watching" if self._error is None and last is not None else "not answering",
            "cluster_id": last.cluster_id if last else None,
            "sampled_at": rfc3339_or_none(last.at_ns if last else None),
            "every_ms": self._every_s * 1000,
            "error": self._error,
            "failures": self._failures,
            "groups": len({group for group, _ in self._last.positions} | self._last.groups.keys())
            if self._last
            else None,
            "partitions": len(self._last.partitions) if self._last else None,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._round()
            except Exception as error:  # noqa: BLE001 whatever the client raises, the watch goes on
                self._failed(error)
            wait = BACKOFF_S[min(self._failures, len(BACKOFF_S)) - 1] if self._failures else self._every_s
            self._stopping.wait(max(0.05, wait - (time.monotonic() - began)))
        self._disconnect()

    def _connected(self) -> Broker:
        if self._broker is None:
            self._broker = self._connect()
        return self._broker

    def _round(self) -> None:
        """Take one sample and write what changed; the sample counts once it is stored."""
        broker = self._connected()
        sample = broker.sample().after(self._last)
        sample = sample.looked(self._kept_looks(sample))
        places = stuck(sample, self._last, LOOK_WITHIN)
        if places:
            sample = sample.looked(broker.look(sample, places, LOOK_WITHIN))
        whole = time.monotonic() >= self._whole_due
        self._store(write(sample, self._last, whole=whole))
        if whole:
            self._whole_due = time.monotonic() + self._whole_every_s
        if self._failures:
            _log.info("the broker %s answers again", self.bootstrap_servers)
        self._last, self._failures, self._error = sample, 0, None

    def _kept_looks(self, sample: Sample) -> dict[Place, int]:
        """Return what earlier looks found and still holds: the log has not grown since."""
        earlier = self._last.partitions if self._last else {}
        return {
            place: before.readable_end
            for place, reach in sample.partitions.items()
            if (before := earlier.get(place)) is not None
            and before.readable_end is not None
            and before[:4] == reach[:4]
        }

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._error = _why(error)
        if self._failures == 1:
            _log.warning("the broker %s does not answer: %s", self.bootstrap_servers, self._error)
        self._disconnect()

    def _disconnect(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            try:
                broker.close()
            except Exception:  # noqa: BLE001 a client that fails to close is as good as closed
                _log.debug("closing the broker's client failed", exc_info=True)


def _why(error: BaseException) -> str:
    """Say what kind of error it is, once: kafka-python's errors begin their text with their own class."""
    name = type(error).__name__
    text = re.sub(rf"(?:(?:\[Error -?\d+\] )?{name}(?:: |$))*", "", str(error), count=1)
    return f"{name}: {text}" if text else name
