"""Who may ask the HTTP API: this machine freely, everyone else with the token.

A web page can make a browser on this machine send requests here, under a name that it lets point to 127.0.0.1 (DNS
rebinding): so the Host that was asked for must be this machine's own, and so must the Origin, where one is sent.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Access:
    """The rule; `token` is what a caller from elsewhere must show, None lets nobody in from elsewhere."""

    token: str | None = None

    def refusal(self, peer: str | None, headers: Mapping[str, str]) -> str | None:
        """Return why a request from `peer` (an address) with these headers is refused; None when it is welcome."""
        if self._shows_token(headers.get("authorization", "")):
            return None
        if peer is not None and not is_loopback(peer):
            return f"requests from other machines need the collector's token{self._remedy()}"
        host = _name_of(f"//{headers.get('host', '')}")
        if not is_loopback(host):
            return f"the Host asked for is {host or 'missing'}, not localhost: without the token only that is answered"
        origin = headers.get("origin")
        if origin is not None and not is_loopback(_name_of(origin)):
            return f"requests made by the web page {origin} are not answered"
        return None

    def _shows_token(self, authorization: str) -> bool:
        scheme, _, shown = authorization.partition(" ")
        if not self.token or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(shown.strip().encode(), self.token.encode())

    def _remedy(self) -> str:
        return " (Authorization: Bearer ...)" if self.token else "; start it with --api-token to allow them"


def is_loopback(name: str) -> bool:
    """Tell whether a host name or address is this machine's own, never asking a name server."""
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _name_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
