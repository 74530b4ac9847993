"""The way to a secured cluster: properties as Kafka's own commands take them, and what is said of slips in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kafka.admin
import pytest

from flowtrail_collector.broker import KafkaBroker
from flowtrail_collector.broker.properties import read_properties
from flowtrail_collector.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = 'sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="w" password="p";'


def read(folder: Path, text: str) -> dict[str, Any]:
    """Read a file of this text; `@NAME` is a file beside it."""
    for name in ("ca", "cert", "key"):
        (folder / f"{name}.pem").write_text("")
    file = folder / "client.properties"
    file.write_text(text.replace("@", f"{folder}/"), encoding="utf-8")
    return read_properties(file)


def test_a_file_of_nothing_is_plaintext(tmp_path: Path) -> None:
    """Comments, empty lines, and what concerns other clients."""
    text = "# a comment\n\n  ! another\nclient.id=x\nacks = all\nbootstrap.servers: a:1\n"
    assert read(tmp_path, text) == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    "login",
    [
        LOGIN,
        "sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required \\\n"
        '    username="w" \\\n    password="p";',
        "sasl.username: w\nsasl.password p",
        "sasl.jaas.config=x.PlainLoginModule required password='p' username='w';",
    ],
)
def test_a_login(tmp_path: Path, login: str) -> None:
    """A login module as Kafka writes it, over several lines or not, or librdkafka's two names."""
    assert read(tmp_path, f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n{login}\n") == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "w",
        "sasl_plain_password": "p",
    }


def test_a_password_of_odd_characters(tmp_path: Path) -> None:
    """A quote and a backslash, escaped for the login module and once more for the properties; a letter by its code."""
    text = 'sasl.jaas.config=x required username="w" password="a\\\\"b\\\\\\\\c;=\\u00e9 ";'
    found = read(tmp_path, f"security.protocol=sasl_plaintext\nsasl.mechanism=scram-sha-512\n{text}\n")
    assert (found["sasl_mechanism"], found["sasl_plain_password"]) == ("SCRAM-SHA-512", 'a"b\\c;=é ')


def test_certificates(tmp_path: Path) -> None:
    """Stores as PEM, and librdkafka's names; host names are checked unless that is switched off."""
    trust = "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=@ca.pem\n"
    assert read(tmp_path, trust) == {
        "security_protocol": "SSL",
        "ssl_cafile": str(tmp_path / "ca.pem"),
        "ssl_check_hostname": True,
    }
    more = "ssl.certificate.location=@cert.pem\nssl.key.location=@key.pem\nssl.key.password=s\n"
    assert read(tmp_path, trust + more + "ssl.endpoint.identification.algorithm=\n") == {
        "security_protocol": "SSL",
        "ssl_cafile": str(tmp_path / "ca.pem"),
        "ssl_certfile": str(tmp_path / "cert.pem"),
        "ssl_keyfile": str(tmp_path / "key.pem"),
        "ssl_password": "s",
        "ssl_check_hostname": False,
    }


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("security.protocol=TLS", 1, "security.protocol is 'TLS'; expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
        ("\nsecurity.protocl=SSL", 2, "security.protocl is no property; the nearest is security.protocol"),
        ("sasl.login.class=x", 1, "sasl.login.class is not understood here; understood are"),
        ("sasl.mechanism=PLAIN", 1, "sasl.mechanism has no effect, since security.protocol is PLAINTEXT"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI", 2, "is 'GSSAPI'; expected PLAIN, SCRAM-SHA-256 or"),
        ("security.protocol=SASL_SSL", None, "security.protocol SASL_SSL needs sasl.mechanism"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN", None, "needs a username"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.username=w", None, "needs a password"),
        ("security.protocol=SSL\nssl.truststore.location=@ca.pem", 2, "give it as PEM, with ssl.truststore.type=PEM"),
        ("security.protocol=SSL\nssl.ca.location=@none.pem", 2, "none.pem, which is no file"),
        ("security.protocol=SSL\nssl.endpoint.identification.algorithm=x", 2, "is 'x'; expected https, or nothing"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, line: int | None, said: str) -> None:
    """File, line, property, and what was expected."""
    with pytest.raises(UsageError) as wrong:
        read(tmp_path, text)
    place = str(tmp_path / "client.properties") + (f", line {line}: " if line else ": ")
    assert str(wrong.value).startswith(place)
    assert said in str(wrong.value)


def test_a_password_is_never_said(tmp_path: Path) -> None:
    """Of what is wrong beside it the message names the rest only."""
    with pytest.raises(UsageError) as wrong:
        read(tmp_path, "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.password=secret\nssl.x=1\n")
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    """Not there, or no text."""
    file = tmp_path / "client.properties"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=r"client\.properties"):
        read_properties(file)


def test_the_client_is_given_what_the_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the servers and the watcher's own settings."""
    given: dict[str, Any] = {}

    class Admin:
        def __init__(self, **settings: Any) -> None:
            given.update(settings)

    monkeypatch.setattr(kafka.admin, "KafkaAdminClient", Admin)
    KafkaBroker("a:1,b:2", access={"security_protocol": "SSL", "ssl_cafile": "ca.pem"})
    assert given["bootstrap_servers"] == ["a:1", "b:2"]
    assert (given["security_protocol"], given["ssl_cafile"]) == ("SSL", "ca.pem")
