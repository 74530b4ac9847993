"""What a terminal may be shown of other people's text."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flowtrail_tui.safe import clip, fit, safe, width

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # surrogates included
NASTY = st.text(st.sampled_from("\x00\x07\x1b[]\x9b\x9d\x90\u202e\u2066\u200b\u200d\ufe0f\ud800\u0301a漢🙂 \n\t\\"))
TEXT = ANY_TEXT | NASTY
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"}


@given(TEXT)
def test_no_character_that_acts_or_hides_is_left(text: str) -> None:
    """Controls, bidi, format, surrogates and unassigned characters never come out."""
    assert not {unicodedata.category(char) for char in safe(text)} & FORBIDDEN


@given(TEXT)
def test_safe_text_is_left_alone(text: str) -> None:
    """What went through once goes through unchanged: a second boundary does no harm."""
    assert safe(safe(text)) == safe(text)


@given(TEXT)
def test_safe_text_can_be_written_in_utf8(text: str) -> None:
    """Lone surrogates would raise in the terminal driver."""
    safe(text).encode("utf-8")


@given(TEXT)
def test_ascii_only(text: str) -> None:
    """A terminal that shows only ASCII gets only printable ASCII."""
    shown = safe(text, ascii_only=True)
    assert shown.isascii()
    assert all(" " <= char <= "~" for char in shown)


@given(TEXT, TEXT)
def test_parts_do_not_act_on_each_other(left: str, right: str) -> None:
    """Two safe texts side by side take the sum of their cells: nothing joins across the boundary."""
    assert cell_len(safe(left) + safe(right)) == width(safe(left)) + width(safe(right))


@given(TEXT, st.integers(0, 40), st.booleans())
def test_clip_and_fit_hold_their_width(text: str, cells: int, ascii_only: bool) -> None:
    """`clip` never exceeds its cells, `fit` takes exactly them, wide characters at the edge included."""
    assert cell_len(clip(text, cells, ascii_only=ascii_only)) <= cells
    assert cell_len(fit(text, cells, ascii_only=ascii_only)) == cells
    assert cell_len(fit(text, cells, right=True, ascii_only=ascii_only)) == cells


@given(TEXT, st.integers(1, 40))
def test_clip_says_that_it_cut(text: str, cells: int) -> None:
    """Text that fits is whole; text that does not ends in an ellipsis."""
    clipped = clip(text, cells)
    assert clipped == safe(text) if width(safe(text)) <= cells else clipped.endswith("…")


def test_every_code_point_takes_a_cell() -> None:
    """No single character, whatever it is, comes out with zero width; a lone combining mark is escaped."""
    nothing = [hex(code) for code in range(0x110000) if cell_len(safe(chr(code))) == 0]
    assert nothing == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orders.created", "orders.created"),
        ("\x1b]52;c;cm0=\x07", "␛]52;c;cm0=␇"),
        ("a\x9bb", "a\\x9bb"),
        ("\x7f\x00", "␡␀"),
        ("exe\u202egnp", "exe\\u202egnp"),
        ("a\u200bb\u200d", "a\\u200bb\\u200d"),
        ("\udc9b", "\\udc9b"),
        ("Ünïcödé 漢字 🙂", "Ünïcödé 漢字 🙂"),
        ("e\u0301\u0302\u0303\u0304", "e\u0301\u0302\\u0303\\u0304"),
        ("\u0301", "\\u0301"),
        ("two\r\nlines\t", "two␍␊lines␉"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    """What people see of characters they otherwise would not."""
    assert safe(text) == shown


def test_long_names_cost_what_is_shown() -> None:
    """A name of ten thousand characters is cut before it is looked at."""
    assert clip("漢" * 10_000, 9) == "漢漢漢漢…"


def test_import_stays_light() -> None:
    """The command line imports this module: no toolkit comes with it."""
    code = "import sys, flowtrail_tui.safe; print(sorted({'rich', 'textual', 'duckdb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
