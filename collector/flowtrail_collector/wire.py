"""Errors of `errors` as the HTTP API carries them: a status, and `{"error": {"code", "message", "near"}}`."""

from __future__ import annotations

from typing import Any

from flowtrail_collector.errors import (
    Cancelled,
    FlowtrailError,
    NothingKnown,
    SourceUnavailable,
    StoreBusy,
    StoreDamaged,
    StoreRefused,
    UsageError,
)

CODES: dict[str, tuple[int, type[FlowtrailError]]] = {
    "usage": (400, UsageError),
    "not-found": (404, NothingKnown),
    "cancelled": (503, Cancelled),
    "store-busy": (503, StoreBusy),
    "unavailable": (503, SourceUnavailable),
    "denied": (403, SourceUnavailable),
    "store-refused": (500, StoreRefused),
    "store-damaged": (500, StoreDamaged),
    "internal": (500, FlowtrailError),
}
"""Each code with its HTTP status and its class; a subclass stands before its base."""


def to_wire(error: FlowtrailError) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body that say this error."""
    code, status = next((code, status) for code, (status, leaf) in CODES.items() if isinstance(error, leaf))
    near = list(error.near) if isinstance(error, NothingKnown) else []
    return status, {"error": {"code": code, "message": str(error), "near": near}}


def from_wire(body: object) -> FlowtrailError | None:
    """Return the error that such a body says; None when it is no such body."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    leaf = CODES.get(str(error.get("code")), CODES["internal"])[1]
    if leaf is NothingKnown:
        return NothingKnown(error["message"], tuple(str(one) for one in error.get("near") or ()))
    return leaf(error["message"])
