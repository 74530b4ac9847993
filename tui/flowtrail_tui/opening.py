"""Opens a URL in the desktop's browser, where there is a desktop."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def opener(environ: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Return the desktop's own command that opens a URL; None where nobody would see what it opens."""
    if environ.get("SSH_CONNECTION"):
        return None  # the screen that this would appear on is not the one that someone sits at
    if platform == "darwin":
        return shutil.which("open")
    return shutil.which("xdg-open") if any(map(environ.get, _DISPLAYS)) else None


def open_url(url: str, environ: Mapping[str, str]) -> bool:
    """Open a URL; False where there is no desktop, or it does not want to."""
    command = opener(environ)
    if command is None:
        return False
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        done = subprocess.run([command, url], **quiet, timeout=5, check=False)  # type: ignore[call-overload]  # noqa: S603 (http or https, values quoted)
    except subprocess.TimeoutExpired:
        return True  # some openers stay with the browser that they start
    except OSError:
        return False
    return bool(done.returncode == 0)
