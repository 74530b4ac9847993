"""Decompression within a limit: what comes out is counted as it comes, so a bomb costs no more than the limit."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Protocol

import zstandard

from flowtrail_collector.errors import FlowtrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BODY: Final = 64 << 20
_STEP: Final = 256 << 10
_PIECE: Final = 64 << 10
_ZSTD_PIECE: Final = 256
_MAX_MEMBERS: Final = 1000
_MAX_WINDOW: Final = 8 << 20  # zstd: beyond it, a frame could ask for gigabytes before its first byte


class TooLarge(FlowtrailError):
    """A body beyond the limit, before or after decompression."""


class NotCompressed(FlowtrailError):
    """A body that is not compressed the way it says it is."""


class Body:
    """Collects a body that arrives in pieces, decompressed, and never more of it than `limit` bytes."""

    def __init__(self, encoding: str, limit: int = MAX_BODY) -> None:
        """Expect the content coding `encoding` (see `known`)."""
        self._limit = limit
        self._encoding = encoding
        self._decoder = _DECODERS[encoding]() if encoding in _DECODERS else None
        self._parts: list[bytes] = []
        self._begun = False
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take the next piece. Raises TooLarge or NotCompressed."""
        self._begun = self._begun or bool(data)
        if self._decoder is None:
            self._keep(data)
            return
        try:
            for part in self._decoder.parts(data):
                self._keep(part)
        except (zlib.error, zstandard.ZstdError) as error:
            raise NotCompressed(
                f"the body is not {self._encoding}, though its Content-Encoding says so: {error}"
            ) from None

    def whole(self) -> bytes:
        """Return the body. Raises NotCompressed when its end is missing."""
        if self._decoder is not None and self._begun and not self._decoder.ended:
            raise NotCompressed(f"the body is {self._encoding} without its end: it was cut short")
        return b"".join(self._parts)

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size > self._limit:
            self._parts.clear()
            raise TooLarge(
                f"the body is larger than {self._limit} bytes{' decompressed' if self._decoder else ''}; "
                "send fewer spans at a time",
            )
        if part:
            self._parts.append(part)


def known(encoding: str) -> bool:
    """Tell whether a content coding can be undone."""
    return encoding in _DECODERS or encoding in ("", "identity")


class _Decoder(Protocol):
    ended: bool

    def parts(self, data: bytes) -> Iterator[bytes]: ...


class _Zlib:
    """gzip (also several members), zlib, and the raw deflate that some send as `deflate`."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inner = zlib.decompressobj(window)
        self._members = 0
        self._first = True
        self.ended = False

    def parts(self, data: bytes) -> Iterator[bytes]:
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):  # zlib copies what it did not use: little at a time
            yield from self._of_piece(view[start : start + _PIECE])

    def _of_piece(self, piece: memoryview | bytes) -> Iterator[bytes]:
        while piece:
            if self.ended:
                self._next_member()
            yield self._decompress(piece)
            self.ended = self._inner.eof
            piece = self._inner.unused_data if self.ended else self._inner.unconsumed_tail

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise NotCompressed(f"the body is compressed in more than {_MAX_MEMBERS} parts; send it as one")
        self._inner, self.ended = zlib.decompressobj(self._window), False

    def _decompress(self, piece: memoryview | bytes) -> bytes:
        try:
            return self._inner.decompress(piece, _STEP)
        except zlib.error:
            if not self._first or self._window != zlib.MAX_WBITS:
                raise
            self._window = -zlib.MAX_WBITS
            self._inner = zlib.decompressobj(self._window)
            return self._inner.decompress(piece, _STEP)
        finally:
            self._first = False


class _Zstd:
    """Zstandard, also several frames."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        self._inner = self._decompressor.decompressobj()
        self._frames = 0
        self.ended = False

    def parts(self, data: bytes) -> Iterator[bytes]:
        view = memoryview(data)
        while view:
            if self.ended:
                self._next_frame()
            # All that a piece holds comes out at once: a small one bounds that (to 8 MB).
            piece = view[:_ZSTD_PIECE]
            yield self._inner.decompress(piece)
            self.ended = self._inner.eof
            view = view[len(piece) - (len(self._inner.unused_data) if self.ended else 0) :]

    def _next_frame(self) -> None:
        self._frames += 1
        if self._frames > _MAX_MEMBERS:
            raise NotCompressed(f"the body is compressed in more than {_MAX_MEMBERS} parts; send it as one")
        self._inner, self.ended = self._decompressor.decompressobj(), False


_DECODERS: Final[dict[str, Callable[[], _Decoder]]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "zstd": _Zstd,
}
