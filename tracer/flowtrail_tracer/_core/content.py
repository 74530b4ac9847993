"""Keys and payloads as they are recorded: as they are, as a keyed hash, or not at all."""

import hashlib
import hmac


def key_utf8(key: object, secret: bytes | None) -> bytes | None:
    r"""Return a message key for the record, in UTF-8; with `secret`, its HMAC-SHA256 in hex instead.

    Bytes that are not UTF-8 keep their readable part, the rest is escaped as `\xNN`.
    """
    if key is None:
        return None
    if type(key) is bytes and secret is None and key.isascii():
        return key
    if isinstance(key, bytes | bytearray | memoryview):
        raw = bytes(key)
        if secret is None:
            return raw.decode("utf-8", "backslashreplace").encode()
    else:
        text = key if isinstance(key, str) else str(key)
        if secret is None:
            return text.encode("utf-8", "replace")
        raw = text.encode("utf-8", "surrogatepass")
    return hmac.new(secret, raw, hashlib.sha256).hexdigest().encode()


def payload_digest(value: object) -> str | None:
    """Return the SHA-256 of a payload in hex; None for what is not bytes or text."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if not isinstance(value, bytes | bytearray | memoryview):
        return None
    return hashlib.sha256(value).hexdigest()
