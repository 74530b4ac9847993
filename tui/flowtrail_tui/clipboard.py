"""Where yanked text goes: the desktop's own tool, else the terminal (OSC 52), else a file whose path is shown."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOOLS = (
    ("pbcopy", ("pbcopy",), None),
    ("wl-copy", ("wl-copy",), "WAYLAND_DISPLAY"),
    ("xclip", ("xclip", "-selection", "clipboard"), "DISPLAY"),
)
"""Name, command, and the variable without which the tool has nowhere to put it."""
OSC52_LIMIT = 74_000
"""Terminals drop longer sequences silently."""
_NO_OSC52 = ("dumb", "linux", "vt100", "vt220")


def yank(text: str, environ: Mapping[str, str], write: Callable[[str], None]) -> str:
    """Put `text` away and say where; `write` writes to the terminal. Blocks up to two seconds per tool."""
    for name, command, needs in _TOOLS:
        if (needs is None or environ.get(needs)) and shutil.which(name) and _feed(command, text):
            return f"copied with {name}"
    encoded = osc52(text, in_tmux=bool(environ.get("TMUX")))
    if len(encoded) <= OSC52_LIMIT and environ.get("TERM", "dumb") not in _NO_OSC52:
        write(encoded)
        return "copied through the terminal"
    return f"written to {_file(text)}"


def osc52(text: str, *, in_tmux: bool) -> str:
    """Return the escape sequence that sets the clipboard; tmux hands it on when it is wrapped."""
    payload = base64.b64encode(text.encode("utf-8", "backslashreplace")).decode("ascii")
    sequence = f"\x1b]52;c;{payload}\x07"
    if not in_tmux:
        return sequence
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def _feed(command: tuple[str, ...], text: str) -> bool:
    """Give the text to a tool; its outputs are closed because xclip stays behind and would hold them open."""
    try:
        done = subprocess.run(  # noqa: S603 (constants of ours)
            command,
            input=text.encode("utf-8", "backslashreplace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _file(text: str) -> Path:
    with tempfile.NamedTemporaryFile("wb", prefix="flowtrail-", suffix=".txt", delete=False) as file:
        file.write(text.encode("utf-8", "backslashreplace"))
    return Path(file.name)
