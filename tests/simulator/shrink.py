"""The smallest world that still shows a difference: steps and features are left out while it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.script import Script


def shrink(script: Script, shows: Callable[[Script], bool], most: int = 300) -> Script:
    """Return a script that still `shows` the difference and is as small as `most` tries made it."""
    tries = 0

    def still(candidate: Script) -> bool:
        nonlocal tries
        tries += 1
        return tries <= most and shows(candidate)

    count = max(len(script.steps) // 2, 1)
    while count and tries <= most:
        at, dropped = 0, False
        while at < len(script.steps):
            candidate = script.without(at, count)
            if still(candidate):
                script, dropped = candidate, True
            else:
                at += count
        if not dropped or count > 1:
            count = count // 2 if count > 1 else (1 if dropped else 0)
    for feature in sorted(script.features):
        candidate = script.lacking(feature)
        if still(candidate):
            script = candidate
    return script
