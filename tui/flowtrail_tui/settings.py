"""What the terminal and its surroundings ask for: theme, colour, ASCII. Read once, from the environment passed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRUE_COLOUR = ("truecolor", "24bit")
THEME_NAMES = ("dark", "light", "ansi")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the screens look."""

    theme: str = "dark"
    ascii_only: bool = False


def settings(environ: Mapping[str, str], theme: str | None = None, *, ascii_only: bool = False) -> Settings:
    """Choose theme and character set; `theme` and `ascii_only` are what a person prefers.

    `NO_COLOR` goes before everything, `FLOWTRAIL_THEME` before what is preferred. Without either, terminals of 16
    colours get `ansi`, which uses the terminal's own colours, and a light background (`COLORFGBG`) gets `light`.
    """
    return Settings(theme=_theme(environ, theme), ascii_only=ascii_only or _ascii_only(environ))


def _theme(environ: Mapping[str, str], preferred: str | None) -> str:
    if environ.get("NO_COLOR"):
        return "ansi"  # the only theme whose colours can be left out whole
    wanted = environ.get("FLOWTRAIL_THEME", "").lower() or preferred
    if wanted in THEME_NAMES:
        return wanted
    term = environ.get("TERM", "")
    if environ.get("COLORTERM", "").lower() not in _TRUE_COLOUR and "256" not in term and "direct" not in term:
        return "ansi"
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in ("7", "15") else "dark"


def _ascii_only(environ: Mapping[str, str]) -> bool:
    if environ.get("FLOWTRAIL_ASCII"):
        return True
    return not _is_utf8(_locale(environ))


def _locale(environ: Mapping[str, str]) -> str:
    """Return the locale a person chose. Python itself sets `LC_CTYPE=C.UTF-8` when it was started in the C locale."""
    if environ.get("LC_ALL"):
        return environ["LC_ALL"]
    ctype = environ.get("LC_CTYPE", "")
    if ctype and ctype != "C.UTF-8":
        return ctype
    return environ.get("LANG") or "UTF-8"


def _is_utf8(name: str) -> bool:
    return "utf8" in name.lower().replace("-", "")
