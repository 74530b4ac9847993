"""The connection to the source as a state machine with the time passed in: connecting, live or replay, gone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowtrail_tui.model import figures as f

SECOND = 10**9
DELAYS_S = (1, 2, 4, 8, 10)
"""How long to wait before the first, second ... attempt to reconnect; the last one repeats."""
LOW_COVERAGE = 0.9
"""Below this share of what instances reported, the screens say that answers may be unknown for it."""


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of the source; `data_ns` is when it last answered."""

    live: bool
    data_ns: int | None = None
    failures: int = 0
    retry_ns: int | None = None
    reason: str = ""

    @property
    def connected(self) -> bool:
        """True once it answered and as long as it does."""
        return self.data_ns is not None and self.failures == 0

    @property
    def disconnected(self) -> bool:
        """True since the last question was not answered."""
        return self.failures > 0

    def answered(self, now_ns: int) -> Link:
        """Note an answer."""
        return replace(self, data_ns=now_ns, failures=0, retry_ns=None, reason="")

    def failed(self, now_ns: int, reason: str) -> Link:
        """Note that a question was not answered, and set the time of the next attempt."""
        delay = DELAYS_S[min(self.failures, len(DELAYS_S) - 1)]
        return replace(self, failures=self.failures + 1, retry_ns=now_ns + delay * SECOND, reason=reason)

    def may_ask(self, now_ns: int) -> bool:
        """Tell whether questions may be asked now."""
        return self.retry_ns is None or now_ns >= self.retry_ns

    def banner(self, now_ns: int) -> str:
        """Say since when there is no data and when the next attempt is due."""
        wait = max(0, -(-((self.retry_ns or now_ns) - now_ns) // SECOND))
        since = f"data as of {f.clock(self.data_ns)}" if self.data_ns is not None else "no data yet"
        return f"{since}, retry in {wait} s" if wait else f"{since}, retrying"
