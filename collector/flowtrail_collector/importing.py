"""OTLP files into a store.

What is read: JSON, one ExportTraceServiceRequest or TracesData a line (the Collector's file exporter), and
protobuf messages with their length before them, as that exporter writes it (4 bytes, big-endian) or as protobuf's own
helpers do (varint). All of it plain, gzip or zstd; also the exporter's older zstd form, in which each record is
compressed by itself behind a 4-byte length. Which it is, is seen from the content, never from the name.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowtrail_collector.errors import DamagedFile, FlowtrailError, SourceUnavailable
from flowtrail_collector.receive import otlp_files, otlp_json
from flowtrail_collector.receive.decode import NotOtlp, check
from flowtrail_collector.receive.intake import Intake, Outcome
from flowtrail_collector.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Future

    from flowtrail_collector.receive.otlp_files import Record
    from flowtrail_collector.store import Store

_UNDER_WAY: Final = 32  # records handed to the store and not committed
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is read."""

    path: Path
    bytes_read: int
    bytes_total: int
    spans: int
    """Stored so far, of all files."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported."""

    files: int = 0
    records: int = 0
    repeated: int = 0
    """Records that were stored before, whole; their spans are not counted again."""
    stored: int = 0
    duplicates: int = 0
    conflicting: int = 0
    rejected: int = 0
    damaged: tuple[DamagedFile, ...] = ()
    """One for each file that could not be read to its end; it names the place."""
    rejections: Mapping[str, int] = field(default_factory=dict)
    """Why spans were rejected: reason -> how many."""
    notices: tuple[str, ...] = ()
    """What was wrong with spans that were stored nevertheless, each said once."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was wrong with single spans, in words."""
        rejected = (f"{counted(count, 'span')} rejected: {reason}" for reason, count in self.rejections.items())
        return (*rejected, *self.notices)


def import_files(
    paths: Iterable[str | Path],
    store: Store,
    progress: Callable[[Progress], None] | None = None,
) -> Imported:
    """Import files one after the other; what is stored already is not stored again.

    A damaged file ends at the damage: what stood before is kept, the place is in `Imported.damaged`, and the next file
    is read. Raises SourceUnavailable when a file can not be opened or the store not be written.
    """
    files = [Path(path) for path in paths]
    for path in files:
        if not path.is_file():
            raise SourceUnavailable(f"there is no file {path}")
    intake = Intake(store)
    work = _Import(intake, progress or (lambda _: None))
    try:
        for path in files:
            work.file(path)
    finally:
        intake.close()
    return work.result


class _Import:
    def __init__(self, intake: Intake, progress: Callable[[Progress], None]) -> None:
        self.result = Imported()
        self._intake = intake
        self._progress = progress
        self._under_way: deque[tuple[Record, bytes, Future[Outcome]]] = deque()

    def file(self, path: Path) -> None:
        """Read one file, to its end or to where it is damaged."""
        damage: DamagedFile | None = None
        total = path.stat().st_size
        try:
            for record in otlp_files.records(path):
                self._submit(path, record)
                stored = self.result.stored
                self._progress(Progress(path, min(record.read_to, total), total, stored))
        except DamagedFile as error:
            damage = error
        except OSError as error:
            raise SourceUnavailable(f"{path} can not be read: {error.strerror}") from error
        while self._under_way:
            try:
                self._settle(path)
            except DamagedFile as error:
                damage = damage or error
        if damage is not None:
            self.result = replace(self.result, damaged=(*self.result.damaged, damage))
        self.result = replace(self.result, files=self.result.files + 1)
        self._progress(Progress(path, total, total, self.result.stored))

    def _submit(self, path: Path, record: Record) -> None:
        try:
            body = otlp_json.to_protobuf(record.data) if record.is_json else record.data
            check(body)  # here and not later, so that nothing behind the damage is under way
        except NotOtlp as error:
            raise _damaged(path, record, error) from error
        while len(self._under_way) >= _UNDER_WAY:
            self._settle(path)
        self._under_way.append((record, body, self._intake.submit(body)))

    def _settle(self, path: Path) -> None:
        """Wait for the oldest record under way and count it."""
        record, body, done = self._under_way.popleft()
        for left in reversed(range(_TRIES)):
            try:
                outcome = done.result()
                break
            except SourceUnavailable:
                if not left:
                    raise
                done = self._intake.submit(body)
            except FlowtrailError as error:
                raise _damaged(path, record, error) from error
        now = self.result
        rejections = Counter(now.rejections)
        rejections.update(dict(outcome.rejections))
        self.result = replace(
            now,
            records=now.records + 1,
            repeated=now.repeated + outcome.repeated,
            stored=now.stored + outcome.stored,
            duplicates=now.duplicates + outcome.duplicates,
            conflicting=now.conflicting + outcome.conflicting,
            rejected=now.rejected + outcome.rejected,
            rejections=dict(rejections),
            notices=tuple(dict.fromkeys(now.notices + outcome.notices)),
        )


def _damaged(path: Path, record: Record, error: Exception) -> DamagedFile:
    return DamagedFile(f"{path} is damaged at {record.place}: {error}. What stood before it was kept")
