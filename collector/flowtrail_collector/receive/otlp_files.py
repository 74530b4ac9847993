"""Takes OTLP files apart into records, whatever they are compressed with and however their records are marked off."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import zstandard

from flowtrail_collector.errors import DamagedFile
from flowtrail_collector.receive.compression import MAX_BODY, Body, NotCompressed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_LENGTH: Final = 4
_MAX_WINDOW: Final = 128 << 20  # `zstd --long`
_FIELD_1: Final = 0x0A  # with which every request that is not empty begins
_HEAD: Final = 64


@dataclass(frozen=True, slots=True)
class Record:
    """One request of a file."""

    data: bytes
    is_json: bool
    place: str
    """For people: the line, or the byte."""
    read_to: int
    """How many bytes of the file, as it is on disk, were read so far."""


def records(path: Path) -> Iterator[Record]:
    """Yield the records of a file. Raises DamagedFile where it can not be read on; OSError."""
    with path.open("rb") as raw:
        head = raw.peek(_HEAD)[:_HEAD]
        plain = _plain(raw, head)
        try:
            yield from _marked_off(path, raw, plain)
        except (zlib.error, EOFError, zstandard.ZstdError, gzip.BadGzipFile) as error:
            at = plain.tell()
            raise DamagedFile(
                f"{path} is damaged at byte {at} of what is compressed in it: {error}. What stood before it was kept",
            ) from error


def _plain(raw: io.BufferedReader, head: bytes) -> io.BufferedReader:
    """Return the file decompressed, if it is compressed as a whole."""
    if head.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if head.startswith(_ZSTD):
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        return io.BufferedReader(_Counted(decompressor.stream_reader(raw, read_across_frames=True)))
    return raw


class _Counted(io.RawIOBase):
    """zstandard's reader, which says neither where it is nor that its input ended within a frame."""

    def __init__(self, reader: BinaryIO) -> None:
        self._reader = reader
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        read = self._reader.readinto(buffer)  # type: ignore[attr-defined]
        self._at += read
        return int(read)

    def tell(self) -> int:
        return self._at


def _marked_off(path: Path, raw: io.BufferedReader, plain: io.BufferedReader) -> Iterator[Record]:
    head = plain.peek(_HEAD)[:_HEAD]
    stripped = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not stripped:
        return
    if stripped.startswith((b"{", b"[")):
        yield from _lines(path, raw, plain)
    elif _looks_fixed(head):
        yield from _lengths(path, raw, plain, _fixed)
    elif _looks_varint(head):
        yield from _lengths(path, raw, plain, _varint)
    else:
        raise DamagedFile(
            f"{path} is not an OTLP file: expected JSON, one request a line, or protobuf with lengths (byte 0 is "
            f"{head[0]:#04x})",
        )


def _lines(path: Path, raw: io.BufferedReader, plain: io.BufferedReader) -> Iterator[Record]:
    number = 0
    while True:
        line = plain.readline(MAX_BODY + 1)
        if not line:
            return
        number += 1
        if len(line) > MAX_BODY:
            raise DamagedFile(f"{path} is damaged at line {number}: it is longer than {MAX_BODY} bytes")
        line = line.removeprefix(b"\xef\xbb\xbf").strip()
        if line:
            yield Record(line, is_json=True, place=f"line {number}", read_to=raw.tell())


def _looks_fixed(head: bytes) -> bool:
    """Tell whether 4 bytes of length stand before something that a record begins with."""
    if len(head) <= _LENGTH:
        return head == bytes(_LENGTH)
    length, first = int.from_bytes(head[:_LENGTH]), head[_LENGTH:]
    return length <= MAX_BODY and (first[0] in (_FIELD_1, *b"{") or first.startswith((_ZSTD, _GZIP)))


def _looks_varint(head: bytes) -> bool:
    size = next((place for place, byte in enumerate(head) if byte < 0x80), len(head))
    return size < _LENGTH + 1 and head[size + 1 : size + 2] in (bytes([_FIELD_1]), b"")


def _lengths(
    path: Path,
    raw: io.BufferedReader,
    plain: io.BufferedReader,
    length_of: Callable[[io.BufferedReader], int | None],
) -> Iterator[Record]:
    at = 0
    while True:
        try:
            length = length_of(plain)
        except EOFError:
            raise DamagedFile(f"{path} is damaged at byte {at}: it ends within a record's length") from None
        if length is None:
            return
        begin = plain.tell()
        if length > MAX_BODY:
            raise DamagedFile(f"{path} is damaged at byte {at}: a record of {length} bytes is not believed")
        data = plain.read(length)
        if len(data) < length:
            raise DamagedFile(
                f"{path} is damaged at byte {at}: a record of {length} bytes ends after {len(data)}. "
                "What stood before it was kept",
            )
        place = f"byte {at}"
        data = _decompressed(path, data, place)
        yield Record(data, data.lstrip().startswith(b"{"), place, raw.tell())
        at = begin + length


def _decompressed(path: Path, data: bytes, place: str) -> bytes:
    """Return a record that may be compressed by itself."""
    encoding = "zstd" if data.startswith(_ZSTD) else "gzip" if data.startswith(_GZIP) else ""
    body = Body(encoding)
    try:
        body.add(data)
        return body.whole()
    except (NotCompressed, TooLarge) as error:
        raise DamagedFile(f"{path} is damaged at {place}: {error}. What stood before it was kept") from error


def _fixed(file: io.BufferedReader) -> int | None:
    read = file.read(_LENGTH)
    if not read:
        return None
    if len(read) < _LENGTH:
        raise EOFError
    return int.from_bytes(read)


def _varint(file: io.BufferedReader) -> int | None:
    value = shift = 0
    while True:
        read = file.read(1)
        if not read:
            if shift:
                raise EOFError
            return None
        value |= (read[0] & 0x7F) << shift
        if read[0] < 0x80:
            return value
        shift += 7
        if shift > 63:
            raise EOFError
