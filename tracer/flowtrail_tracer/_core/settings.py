"""What can be configured, from arguments and from the OTEL_* environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from flowtrail_tracer._core.faults import warn_once

HTTP: Final = "http/protobuf"
GRPC: Final = "grpc"


@dataclass(frozen=True)
class HeaderNames:
    """Names of the message headers that are stamped (and read first)."""

    correlation_id: str = "correlation-id"
    causation_id: str = "causation-id"
    message_id: str = "message-id"
    message_seq: str = "message-seq"


@dataclass(frozen=True)
class Export:
    """Where spans go and how: OTLP over HTTP or gRPC. Times are in seconds."""

    endpoint: str = "http://localhost:4318/v1/traces"
    protocol: str = HTTP
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    gzip: bool = False
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    insecure: bool = False


@dataclass(frozen=True)
class Settings:
    """What is recorded and stamped."""

    service: str | None = None
    disabled: bool = False
    headers: HeaderNames = field(default_factory=HeaderNames)
    cloudevents: bool = False
    key_hmac: bytes | None = None
    payload_digest: bool = False


def disabled_by_environment() -> bool:
    """Whether OTEL_SDK_DISABLED is true."""
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def export_settings(
    endpoint: str | None = None,
    protocol: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    compression: str | None = None,
    certificate: str | None = None,
    insecure: bool | None = None,
) -> Export:
    """Merge arguments with the environment; an argument wins, then `..._TRACES_...`, then the general variable.

    Raises ValueError for a protocol, compression or endpoint that is not understood, naming what is.
    """
    chosen = (protocol or _variable("PROTOCOL") or HTTP).strip().lower()
    if chosen == "http/json":
        warn_once("protocol", "flowtrail sends OTLP as http/protobuf or grpc; http/json is sent as http/protobuf")
        chosen = HTTP
    if chosen == "http":
        chosen = HTTP
    if chosen not in (HTTP, GRPC):
        raise ValueError(f"OTLP protocol {chosen!r} is not supported: use {HTTP!r} or {GRPC!r}")
    squeeze = (compression or _variable("COMPRESSION") or "none").strip().lower()
    if squeeze not in ("none", "gzip"):
        raise ValueError(f"OTLP compression {squeeze!r} is not supported: use 'gzip' or 'none'")
    if insecure is None:
        insecure = _variable("INSECURE").strip().lower() == "true"
    return Export(
        endpoint=_endpoint(endpoint, chosen),
        protocol=chosen,
        headers={**_header_list(_variable("HEADERS")), **(headers or {})},
        timeout=_seconds(timeout),
        gzip=squeeze == "gzip",
        certificate=certificate or _variable("CERTIFICATE") or None,
        client_certificate=_variable("CLIENT_CERTIFICATE") or None,
        client_key=_variable("CLIENT_KEY") or None,
        insecure=insecure,
    )


def _variable(name: str) -> str:
    return os.environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}") or ""


def _endpoint(argument: str | None, protocol: str) -> str:
    exact = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip()
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()
    if protocol == GRPC:
        return (argument or exact or base or "http://localhost:4317").strip()
    if argument:
        url = argument.strip().rstrip("/")
        url = url if "://" in url else f"http://{url}"
        url = url if urlsplit(url).path else f"{url}/v1/traces"
    elif exact:
        url = exact
    else:
        url = f"{(base or 'http://localhost:4318').rstrip('/')}/v1/traces"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"OTLP endpoint {url!r} is not an address: expected http://HOST:PORT or https://HOST:PORT")
    return url


def _seconds(argument: float | None) -> float:
    if argument is not None:
        return argument
    text = _variable("TIMEOUT")
    try:
        return float(text) if text else 10.0
    except ValueError:
        warn_once("timeout", "OTEL_EXPORTER_OTLP_TIMEOUT=%r is not a number of seconds; 10 is used", text)
        return 10.0


def _header_list(text: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in text.split(",") if "=" in item)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}
