"""Keys and payloads as they are recorded: as they are, as a keyed hash, or not at all."""

import hashlib
import hmac


def key_text(key: object, secret: bytes | None) -> str | None:
    r"""Return a message key for the record; with `secret`, its HMAC-SHA256 in hex instead.

    Bytes that are not UTF-8 keep their readable part, the rest is escaped as `\xNN`.
    """
    if key is None:
        return None
    if isinstance(key, bytes | bytearray | memoryview):
        raw = bytes(key)
        if secret is None:
            return raw.decode("utf-8", "backslashreplace")
    else:
        text = key if isinstance(key, str) else str(key)
        if secret is None:
            return text
        raw = text.encode("utf-8", "surrogatepass")
    return hmac.new(secret, raw, hashlib.sha256).hexdigest()


def payload_digest(value: object) -> str | None:
    """Return the SHA-256 of a payload in hex; None for what is not bytes or text."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if not isinstance(value, bytes | bytearray | memoryview):
        return None
    return hashlib.sha256(value).hexdigest()
