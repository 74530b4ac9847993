"""Hand-written histories for lag: spans and broker samples as rows of a store, times in seconds of a day."""

from importlib.resources import files
from typing import Any, Self

import duckdb

from flowtrail_collector.filters import parse_filter
from flowtrail_collector.questions.lag import lag
from flowtrail_collector.window import Window, parse_instant

MIDNIGHT = parse_instant("2026-03-01T00:00:00Z")
SECOND = 10**9


def ns(seconds: float) -> int:
    """Return the moment so many seconds after midnight."""
    return MIDNIGHT + round(seconds * SECOND)


class Telling:
    """A store that is told, line by line, what happened; then it is asked for lag."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(files("flowtrail_collector.store").joinpath("schema.sql").read_text())
        self.spans = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def span(self, operation: str, end: float, took: float = 0.001, **columns: Any) -> None:
        """Store one span that ended then."""
        self.spans += 1
        row = {
            "trace_id": bytes(16),
            "span_id": self.spans.to_bytes(8, "big"),
            "start_ns": ns(end - took),
            "end_ns": ns(end),
            "resource_id": 0,
            "service": "some-service",
            "system": "kafka",
            "operation": operation,
            "conflicting": False,
            **columns,
        }
        names = ", ".join(f'"{name}"' for name in row)
        self.connection.execute(
            f"INSERT INTO span_rows ({names}) VALUES ({', '.join('?' for _ in row)})",
            list(row.values()),
        )

    def arrived(self, instance: str, *runs: tuple[int, int]) -> None:
        """Say which of an instance's numbers arrived, in place of what was said before."""
        self.connection.execute("DELETE FROM number_rows WHERE instance = ?", [instance])
        for first, last in runs:
            self.connection.execute(
                "INSERT INTO number_rows (service, instance, first_number, last_number, last_ns) "
                "VALUES ('some-service', ?, ?, ?, 0)",
                [instance, first, last],
            )

    def sent(self, offset: int, at: float, destination: str = "orders", partition: int = 0, **columns: Any) -> None:
        """Tell of an acked send."""
        columns.setdefault("message_id", f"{destination}-{partition}-{offset}-{self.spans}")
        columns.setdefault("publish_outcome", "acked")
        self.span("send", at, destination=destination, partition=partition, offset=offset, **columns)

    def received(self, group: str | None, first: int, last: int, at: float, **columns: Any) -> None:
        """Tell of a poll that handed out a range."""
        place = {"destination": "orders", "partition": 0}
        self.span("receive", at, **{**place, "consumer_group": group, "offset": first, "offset_last": last, **columns})

    def held(self, group: str, position: int, at: float, reason: str = "commit", **columns: Any) -> None:
        """Tell of a position: commit, seek, reset, assign or revoke."""
        operation = reason if reason in ("assign", "revoke") else "settle"
        place = {"destination": "orders", "partition": 0}
        told = {"consumer_group": group, "position": position, "position_reason": reason}
        self.span(operation, at, **{**place, **told, **columns})

    def sampled(
        self,
        at: float,
        end: int,
        positions: dict[str, int | None] | None = None,
        *,
        start: int = 0,
        stable: int | None = None,
        readable: int | None = None,
        topic_id: str = "t1",
        members: dict[str, list[str]] | None = None,
    ) -> None:
        """Tell of one round of the broker watcher on orders:0."""
        self.connection.execute(
            "INSERT INTO broker_partition_rows BY NAME SELECT ? AS at_ns, 'c1' AS cluster_id, 'orders' AS destination, "
            '? AS topic_id, 0 AS "partition", ? AS log_start, ? AS end_offset, ? AS stable_end, ? AS readable_end',
            [ns(at), topic_id, start, end, end if stable is None else stable, readable],
        )
        for group, position in (positions or {}).items():
            self.connection.execute(
                "INSERT INTO broker_position_rows VALUES (?, 'c1', ?, 'orders', 0, ?)",
                [ns(at), group, position],
            )
        for group, names in (members or {}).items():
            for name in names or [None]:
                self.connection.execute(
                    "INSERT INTO broker_member_rows VALUES (?, 'c1', ?, 'Stable', NULL, ?, 'c', '/h', 'orders', 0)",
                    [ns(at), group, name],
                )

    def topic(self, policy: str, at: float = 0) -> None:
        """Tell of the topic's cleanup policy."""
        self.connection.execute(
            "INSERT INTO broker_topic_rows VALUES (?, 'c1', 'orders', ?, NULL)",
            [ns(at), policy],
        )

    def document(self, since: float | None = None, until: float | None = None, filter_text: str = "") -> dict[str, Any]:
        """Ask for lag."""
        window = Window(None if since is None else ns(since), None if until is None else ns(until))
        return lag(self.connection, window, parse_filter(filter_text))

    def rows(self, **asked: Any) -> list[dict[str, Any]]:
        """Ask for lag, return its rows."""
        rows: list[dict[str, Any]] = self.document(**asked)["rows"]
        return rows

    def row(self, **asked: Any) -> dict[str, Any]:
        """Ask for lag of the only group on the only partition."""
        (row,) = self.rows(**asked)
        return row
