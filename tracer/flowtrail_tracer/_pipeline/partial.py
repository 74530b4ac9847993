"""The receiver's partial success: how many spans of a request it refused."""


def rejected_spans(content: bytes) -> int:
    """Return `partial_success.rejected_spans` of an ExportTraceServiceResponse; 0 for anything unreadable."""
    for number, value in fields(content):
        if number == 1 and isinstance(value, bytes):
            return next((count for inner, count in fields(value) if inner == 1 and isinstance(count, int)), 0)
    return 0


def fields(content: bytes) -> list[tuple[int, int | bytes]]:
    """Split a message of varint and length-delimited fields; whatever else comes ends the reading."""
    found: list[tuple[int, int | bytes]] = []
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        if tag & 7 == 0:
            value, place = _varint(content, place)
            found.append((tag >> 3, value))
        elif tag & 7 == 2:
            size, place = _varint(content, place)
            found.append((tag >> 3, content[place : place + size]))
            place += size
        else:
            break
    return found


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while place < len(content) and shift < 64:
        byte = content[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 128:
            break
        shift += 7
    return number, place
