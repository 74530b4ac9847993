"""How a secured Kafka is reached: a properties file, as Kafka's own commands take it by `--command-config`.

    security.protocol=SASL_SSL
    sasl.mechanism=SCRAM-SHA-512
    sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="watcher" password="...";
    ssl.truststore.type=PEM
    ssl.truststore.location=/etc/kafka/ca.pem

librdkafka's names for the same (`sasl.username`, `ssl.ca.location` ...) are read as well. What concerns neither
security nor this client is passed over, since such files are shared; what looks like a slip is said.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowtrail_collector.errors import UsageError
from flowtrail_collector.slips import content_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Settings = dict[str, object]
"""Keyword arguments of kafka-python's clients."""

_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_FILES: Final = {
    "ssl.truststore.location": "ssl_cafile",
    "ssl.ca.location": "ssl_cafile",
    "ssl.keystore.location": "ssl_certfile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
}
_STORE_TYPES: Final = ("ssl.truststore.type", "ssl.keystore.type")
_KNOWN: Final = (
    *("security.protocol", "sasl.mechanism", "sasl.mechanisms", "sasl.jaas.config", "sasl.username", "sasl.password"),
    *_FILES,
    *_STORE_TYPES,
    *("ssl.key.password", "ssl.endpoint.identification.algorithm"),
)
_OURS: Final = ("security.", "sasl.", "ssl.")
_NEAR: Final = 0.85
_LOGIN = re.compile(r"""\b(username|password)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_SEPARATED = re.compile(r"((?:[^\\=:\s]|\\.)+)\s*[=:\s]?\s*(.*)", re.DOTALL)


def read_properties(path: Path) -> Settings:
    """Return what a file says of the way to the cluster. Raises UsageError that names file, line and key."""
    content = content_of(
        path, remedy="name another file with --kafka-config", too_long="no client's properties are that long"
    )
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not a text in UTF-8: {error.reason} at byte {error.start}") from None
    return _File(path, dict(_properties(text))).settings()


class _File:
    """The properties of one file, each with its line."""

    def __init__(self, path: Path, properties: Mapping[str, tuple[int, str]]) -> None:
        self._path = path
        self._lines = {key: line for key, (line, _) in properties.items()}
        self._values = {key: value.strip() for key, (_, value) in properties.items()}

    def settings(self) -> Settings:
        """Return the keyword arguments. Raises UsageError."""
        for key in self._values:
            self._check_name(key)
        protocol = self._one_of("security.protocol", _PROTOCOLS) or "PLAINTEXT"
        found: Settings = {"security_protocol": protocol}
        found |= self._sasl(protocol) if protocol.startswith("SASL_") else self._unused("sasl.", protocol)
        found |= self._ssl() if protocol.endswith("SSL") else self._unused("ssl.", protocol)
        return found

    def _check_name(self, key: str) -> None:
        if key in _KNOWN:
            return
        near = difflib.get_close_matches(key, _KNOWN, n=1, cutoff=_NEAR)
        if near:
            raise self._wrong(key, f"is no property; the nearest is {near[0]}")
        if key.startswith(_OURS):
            raise self._wrong(key, f"is not understood here; understood are {', '.join(sorted(_KNOWN))}")

    def _one_of(self, key: str, choices: tuple[str, ...]) -> str | None:
        value = self._values.get(key)
        if value is not None and value.upper() not in choices:
            raise self._wrong(key, f"is {value!r}; expected {', '.join(choices[:-1])} or {choices[-1]}")
        return None if value is None else value.upper()

    def _unused(self, prefix: str, protocol: str) -> Settings:
        for key in self._values:
            if key.startswith(prefix):
                raise self._wrong(key, f"has no effect, since security.protocol is {protocol}")
        return {}

    def _sasl(self, protocol: str) -> Settings:
        named = "sasl.mechanisms" if "sasl.mechanisms" in self._values else "sasl.mechanism"
        mechanism = self._one_of(named, _MECHANISMS)
        if mechanism is None:
            raise UsageError(
                f"{self._path}: security.protocol {protocol} needs sasl.mechanism: "
                f"{', '.join(_MECHANISMS[:-1])} or {_MECHANISMS[-1]}"
            )
        login = {
            name: self._values[f"sasl.{name}"] for name in ("username", "password") if f"sasl.{name}" in self._values
        }
        if "sasl.jaas.config" in self._values:
            login |= _login(self._values["sasl.jaas.config"])
        for name in ("username", "password"):
            if not login.get(name):
                raise UsageError(
                    f'{self._path}: sasl.mechanism {mechanism} needs a {name}: in sasl.jaas.config ({name}="..."), '
                    f"or as sasl.{name}"
                )
        return {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": login["username"],
            "sasl_plain_password": login["password"],
        }

    def _ssl(self) -> Settings:
        found: Settings = {}
        for key in _STORE_TYPES:
            location = key.removesuffix("type") + "location"
            if location in self._values and self._values.get(key, "JKS").upper() != "PEM":
                raise self._wrong(location, f"is a store of Java's; give it as PEM, with {key}=PEM")
        for key, name in _FILES.items():
            if key in self._values:
                file = Path(self._values[key])
                if not file.is_file():
                    raise self._wrong(key, f"names {file}, which is no file")
                found[name] = str(file)
        if "ssl.key.password" in self._values:
            found["ssl_password"] = self._values["ssl.key.password"]
        algorithm = self._values.get("ssl.endpoint.identification.algorithm", "https").lower()
        if algorithm not in ("https", "", "none"):
            raise self._wrong("ssl.endpoint.identification.algorithm", f"is {algorithm!r}; expected https, or nothing")
        found["ssl_check_hostname"] = algorithm == "https"
        return found

    def _wrong(self, key: str, what: str) -> UsageError:
        return UsageError(f"{self._path}, line {self._lines[key]}: {key} {what}")


def _login(jaas: str) -> dict[str, str]:
    """Return user name and password of a login module's options."""
    return {
        match[1]: re.sub(r"\\(.)", r"\1", match[2] if match[2] is not None else match[3])
        for match in _LOGIN.finditer(jaas)
    }


def _properties(text: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """Read `key=value` lines as Java does: comments, lines that go on behind a backslash, escapes."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        part = line.lstrip(" \t\f")
        if not begun and (not part or part[0] in "#!"):
            continue
        first = first or number
        begun += part
        if (len(begun) - len(begun.rstrip("\\"))) % 2:
            begun = begun[:-1]
            continue
        yield _property(begun, first)
        begun, first = "", 0
    if begun:
        yield _property(begun, first)


def _property(line: str, number: int) -> tuple[str, tuple[int, str]]:
    match = _SEPARATED.match(line)
    key, value = (match[1], match[2]) if match else (line, "")
    return _unescaped(key), (number, _unescaped(value))


def _unescaped(text: str) -> str:
    def meant(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(meant, text)
