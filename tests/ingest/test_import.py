"""OTLP files into a store: every form, once, and damage named with its place."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import zstandard

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_collector.importing import Progress, import_files
from tests.foreign.otlp_json import to_json
from tests.ingest.otlp import count, request, rows, span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrail_collector.store import Store

CAPTURES = sorted((Path(__file__).parents[1] / "foreign" / "captures").glob("*.jsonl"))
REQUESTS = [request([span(f"{number}/{place}") for place in range(20)]) for number in range(10)]
BODIES = [made.SerializeToString() for made in REQUESTS]
LINES = [orjson.dumps(to_json(made)) for made in REQUESTS]
ZSTD = zstandard.ZstdCompressor()


def fixed(records: Iterable[bytes]) -> bytes:
    """Mark records off as the Collector's file exporter does: 4 bytes of length, big-endian."""
    return b"".join(len(record).to_bytes(4, "big") + record for record in records)


def varint(records: Iterable[bytes]) -> bytes:
    """Mark records off as protobuf's own helpers do."""
    out = bytearray()
    for record in records:
        length = len(record)
        while length > 127:
            out.append(length & 127 | 128)
            length >>= 7
        out.append(length)
        out += record
    return bytes(out)


FORMS = {
    "JSON lines": b"\n".join(LINES) + b"\n",
    "JSON lines without a last newline": b"\n".join(LINES),
    "JSON lines of Windows, with empty ones": b"\xef\xbb\xbf" + b"\r\n\r\n".join(LINES),
    "JSON lines, gzip": gzip.compress(b"\n".join(LINES)),
    "JSON lines, zstd": ZSTD.compress(b"\n".join(LINES)),
    "JSON lines, zstd in several frames": b"".join(ZSTD.compress(line + b"\n") for line in LINES),
    "protobuf": fixed(BODIES),
    "protobuf, varint": varint(BODIES),
    "protobuf, gzip": gzip.compress(fixed(BODIES)),
    "protobuf, varint, zstd": ZSTD.compress(varint(BODIES)),
    "protobuf, each record zstd": fixed(map(ZSTD.compress, BODIES)),
    "JSON, each record zstd": fixed(map(ZSTD.compress, LINES)),
}


def written(folder: Path, data: bytes, name: str = "file") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form(store: Store, tmp_path: Path, form: str) -> None:
    """What it is, is seen from the content; all spans arrive."""
    imported = import_files([written(tmp_path, FORMS[form])], store)
    assert (imported.files, imported.records, imported.stored, imported.damaged) == (1, 10, 200, ())
    assert count(store) == 200


def test_the_same_in_another_form_is_the_same(store: Store, tmp_path: Path) -> None:
    """JSON and protobuf of the same spans are equal content: stored once, nothing conflicts."""
    first, *others = FORMS.values()
    import_files([written(tmp_path, first)], store)
    for other in others:
        imported = import_files([written(tmp_path, other)], store)
        assert (imported.stored, imported.conflicting) == (0, 0)
        assert imported.duplicates or imported.repeated
    assert count(store) == 200


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_foreign_clients_sent(store: Store, path: Path) -> None:
    """Captures of the official instrumentations import whole, and twice is once."""
    imported = import_files([path], store)
    assert imported.stored == count(store) > 0
    assert not imported.damaged
    assert import_files([path], store).stored == 0


@pytest.mark.parametrize(
    ("data", "kept", "place"),
    [
        (b"\n".join([*LINES[:4], LINES[4][:50], *LINES[5:]]), 80, "line 5"),
        (b"\n".join([*LINES[:4], b'{"resourceSpans": 7}', *LINES[5:]]), 80, "line 5"),
        (fixed(BODIES)[:-30], 180, "byte"),
        (fixed(BODIES[:3]) + b"\x00\x00", 60, "byte"),
        (fixed(BODIES[:3]) + b"\xff\xff\xff\xff" + BODIES[3], 60, "byte"),
        (fixed([*BODIES[:3], b"\x0a" + b"garbage" * 9, *BODIES[4:]]), 60, "byte"),
        (varint(BODIES)[:-30], 180, "byte"),
        (fixed(ZSTD.compress(data)[: -30 if n == 5 else None] for n, data in enumerate(BODIES)), 100, "byte"),
        (gzip.compress(b"\n".join(LINES))[:-40], None, "byte"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_damage_in_the_middle(store: Store, tmp_path: Path, data: bytes, kept: int | None, place: str) -> None:
    """What stood before is kept, the place is named with the file, and the next file is read."""
    damaged, good = (
        written(tmp_path, data, "damaged"),
        written(tmp_path, fixed([request([span()]).SerializeToString()]), "ok"),
    )
    imported = import_files([damaged, good], store)
    assert imported.files == 2
    [error] = imported.damaged
    assert str(damaged) in str(error)
    assert place in str(error)
    assert kept is None or imported.stored == kept + 1
    assert count(store) == imported.stored


def test_what_is_no_otlp_file(store: Store, tmp_path: Path) -> None:
    """Pictures and texts are refused; an empty file is empty."""
    for data in (b"\x89PNG\r\n\x1a\n" + bytes(50), b"hello\nworld\n", bytes(range(128, 250))):
        [error] = import_files([written(tmp_path, data)], store).damaged
        assert "not an OTLP file" in str(error)
    assert import_files([written(tmp_path, b"")], store).damaged == ()
    with pytest.raises(SourceUnavailable, match="there is no file"):
        import_files([tmp_path / "none"], store)


def test_progress_is_told(store: Store, tmp_path: Path) -> None:
    """Progress only grows, and ends at the whole file with all spans."""
    told: list[Progress] = []
    path = written(tmp_path, FORMS["protobuf, gzip"])
    import_files([path], store, told.append)
    assert [step.bytes_read for step in told] == sorted(step.bytes_read for step in told)
    assert (told[-1].bytes_read, told[-1].bytes_total, told[-1].spans) == (
        path.stat().st_size,
        path.stat().st_size,
        200,
    )


def test_bad_spans_of_several_records_are_summed(store: Store, tmp_path: Path) -> None:
    """Two records with the same fault, one of them twice: one reason, three spans."""
    bad = [request([span(trace_id=b"") for _ in range(count)]).SerializeToString() for count in (1, 2)]
    imported = import_files([written(tmp_path, fixed(bad))], store)
    assert imported.rejected == 3
    assert list(imported.rejections.values()) == [3]
    assert len(imported.notes) == 1


def test_bad_spans_are_counted(store: Store, tmp_path: Path) -> None:
    """Spans that can not be stored are counted with the reason; the rest of their record is stored."""
    data: Any = fixed([request([span(), span(trace_id=b"")]).SerializeToString()])
    imported = import_files([written(tmp_path, data)], store)
    assert (imported.stored, imported.rejected) == (1, 1)
    ((reason, count),) = imported.rejections.items()
    assert "trace id" in reason
    assert count == 1
    assert imported.notes == (f"1 span rejected: {reason}",)
    assert len(rows(store)) == 1
