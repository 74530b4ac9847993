"""Roles to colours: one palette per theme, and the Textual themes that go with them."""

from __future__ import annotations

from rich.style import Style
from textual.theme import Theme

_DARK = {
    "text": "#c9d1d9",
    "bright": "bold #f0f6fc",
    "dim": "#8b949e",
    "faint": "#30363d",
    "title": "bold #58a6ff",
    "accent": "#58a6ff",
    "label": "#a5b4c8",
    "header": "bold #8b949e",
    "ok": "#56d364",
    "warn": "#e3b341",
    "error": "#ff7b72",
    "wait": "#79c0ff",
    "unknown": "#d2a8ff",
    "ok-strong": "bold #56d364",
    "warn-strong": "bold #e3b341",
    "error-strong": "bold #ff7b72",
    "wait-strong": "bold #79c0ff",
    "unknown-strong": "bold #d2a8ff",
    "dim-strong": "bold #8b949e",
    "edge": "#484f58",
    "ok-edge": "#2ea043",
    "warn-edge": "#9e6a03",
    "error-edge": "#da3633",
    "grade": "#8b949e",
    "spark": "#388bfd",
    "skeleton": "#30363d",
    "tab": "#8b949e",
    "tab-current": "bold #0d1117 on #58a6ff",
    "key": "bold #58a6ff",
    "spelt": "bold #58a6ff",
    "key-pill": "bold #0d1117 on #58a6ff",
    "pill": "bold #0d1117 on #e3b341",
    "pill-key": "bold #0d1117 on #e3b341",
    "replay": "bold #0d1117 on #d2a8ff",
    "banner": "bold #ffffff on #b62324",
}
_LIGHT = {
    "text": "#24292f",
    "bright": "bold #0d1117",
    "dim": "#57606a",
    "faint": "#d0d7de",
    "title": "bold #0550ae",
    "accent": "#0550ae",
    "label": "#424a53",
    "header": "bold #57606a",
    "ok": "#116329",
    "warn": "#7d4e00",
    "error": "#b3121d",
    "wait": "#0550ae",
    "unknown": "#6639ba",
    "ok-strong": "bold #116329",
    "warn-strong": "bold #7d4e00",
    "error-strong": "bold #b3121d",
    "wait-strong": "bold #0550ae",
    "unknown-strong": "bold #6639ba",
    "dim-strong": "bold #57606a",
    "edge": "#8c959f",
    "ok-edge": "#1a7f37",
    "warn-edge": "#9a6700",
    "error-edge": "#cf222e",
    "grade": "#57606a",
    "spark": "#0969da",
    "skeleton": "#d0d7de",
    "tab": "#57606a",
    "tab-current": "bold #ffffff on #0550ae",
    "key": "bold #0550ae",
    "spelt": "bold #0550ae",
    "key-pill": "bold #ffffff on #0550ae",
    "pill": "bold #ffffff on #7d4e00",
    "pill-key": "bold #ffffff on #7d4e00",
    "replay": "bold #ffffff on #6639ba",
    "banner": "bold #ffffff on #b3121d",
}
_ANSI = {
    "text": "default",
    "bright": "bold default",
    "dim": "dim default",
    "faint": "dim default",
    "title": "bold blue",
    "accent": "blue",
    "label": "default",
    "header": "bold dim default",
    "ok": "green",
    "warn": "yellow",
    "error": "red",
    "wait": "cyan",
    "unknown": "magenta",
    "ok-strong": "bold green",
    "warn-strong": "bold yellow",
    "error-strong": "bold red",
    "wait-strong": "bold cyan",
    "unknown-strong": "bold magenta",
    "dim-strong": "bold dim default",
    "edge": "dim default",
    "ok-edge": "green",
    "warn-edge": "yellow",
    "error-edge": "red",
    "grade": "dim default",
    "spark": "blue",
    "skeleton": "dim default",
    "tab": "dim default",
    "tab-current": "bold reverse default",
    "key": "bold blue",
    "spelt": "bold blue",
    "key-pill": "bold reverse default",
    "pill": "bold reverse yellow",
    "pill-key": "bold reverse yellow",
    "replay": "bold reverse magenta",
    "banner": "bold reverse red",
}
_CURSOR = {"dark": "on #1f2d3d", "light": "on #d8e6f8", "ansi": "reverse"}
_BLURRED = {"dark": "on #161d27", "light": "on #eaeef2", "ansi": "underline"}


class Palette:
    """The styles of one theme; an unknown role is plain text."""

    def __init__(self, name: str) -> None:
        """Make the palette of `dark`, `light` or `ansi`."""
        colours = {"dark": _DARK, "light": _LIGHT, "ansi": _ANSI}[name]
        self._styles = {role: Style.parse(style) for role, style in colours.items()}
        self._text = self._styles["text"]
        self.cursor = Style.parse(_CURSOR[name])
        self.blurred = Style.parse(_BLURRED[name])

    def style(self, role: str) -> Style:
        """Return the style of a role."""
        return self._styles.get(role, self._text)


PALETTES = {name: Palette(name) for name in ("dark", "light", "ansi")}

THEMES = (
    Theme(
        name="dark",
        primary="#58a6ff",
        accent="#58a6ff",
        foreground="#c9d1d9",
        background="#0d1117",
        surface="#0d1117",
        panel="#161b22",
        success="#56d364",
        warning="#e3b341",
        error="#ff7b72",
        variables={
            "scrollbar": "#30363d",
            "scrollbar-hover": "#484f58",
            "scrollbar-active": "#58a6ff",
            "scrollbar-background": "#0d1117",
            "scrollbar-background-hover": "#0d1117",
            "scrollbar-background-active": "#0d1117",
        },
    ),
    Theme(
        name="light",
        primary="#0550ae",
        accent="#0550ae",
        foreground="#24292f",
        background="#ffffff",
        surface="#ffffff",
        panel="#f6f8fa",
        success="#116329",
        warning="#7d4e00",
        error="#b3121d",
        dark=False,
        variables={
            "scrollbar": "#d0d7de",
            "scrollbar-hover": "#8c959f",
            "scrollbar-active": "#0550ae",
            "scrollbar-background": "#ffffff",
            "scrollbar-background-hover": "#ffffff",
            "scrollbar-background-active": "#ffffff",
        },
    ),
    Theme(
        name="ansi",
        ansi=True,
        primary="ansi_blue",
        accent="ansi_blue",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        variables={
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "border-blurred": "ansi_default",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_white",
            "input-cursor-background": "ansi_black",
            "input-cursor-foreground": "ansi_bright_white",
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_bright_blue",
            "input-selection-foreground": "ansi_black",
            "screen-selection-background": "ansi_bright_blue",
            "screen-selection-foreground": "ansi_black",
        },
    ),
)
