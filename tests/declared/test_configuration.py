"""flowtrail.toml: what it declares, and what is said of slips: file, line, key, what was expected, the nearest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.configuration import parse_configuration, read_configuration
from flowtrail_collector.declarations import Declaration
from flowtrail_collector.errors import UsageError
from flowtrail_collector.slips import MOST_BYTES, line_of

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
GOOD = """\
# what belongs to whom
[expect]
orders = ["payment", "restaurant"]
"payments.v1" = [
  "ledger",  # every one of them

  "audit",
]

[destinations]
retry = ["*.again"]
dead-letter = ['parked.*']

[order]
rules = [
  "Refunded after Paid by key",
  "Shipped after Order Placed by flow"]

[limits]
storm = 10
loop = 2
content-window = "1m30s"
"""


def test_what_is_declared() -> None:
    """Every section, in the order of the file."""
    assert parse_configuration(GOOD) == (
        Declaration("group", destination="orders", consumer_group="payment"),
        Declaration("group", destination="orders", consumer_group="restaurant"),
        Declaration("group", destination="payments.v1", consumer_group="ledger"),
        Declaration("group", destination="payments.v1", consumer_group="audit"),
        Declaration("retry", pattern=r"(?s).*\.again"),
        Declaration("dead-letter", pattern=r"(?s)parked\..*"),
        Declaration("cause", effect_type="Refunded", cause_type="Paid", joined_by="key"),
        Declaration("cause", effect_type="Shipped", cause_type="Order Placed", joined_by="flow"),
        Declaration("limit", name="storm", amount=10),
        Declaration("limit", name="loop", amount=2),
        Declaration("limit", name="content-window", amount=90_000),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "[expect]\n[limits]\n"])
def test_nothing_is_declared(text: str) -> None:
    """An empty file, and empty sections, declare nothing and are no slip."""
    assert parse_configuration(text) == ()


@pytest.mark.parametrize(
    ("good", "wrong", "said"),
    [
        ("[expect]", "[expct]", "line 2: expct: unknown section; did you mean 'expect'?"),
        ("[limits]", "[zzz]", "line 19: zzz: unknown section; there are expect, destinations, order, limits"),
        ("storm = 10", "strom = 10", "line 20: limits.strom: unknown key; did you mean 'storm'?"),
        ("retry =", "retries =", "line 11: destinations.retries: unknown key; did you mean 'retry'?"),
        ("storm = 10", "storm = 0", "line 20: limits.storm: expected a whole number from 1, not 0"),
        ("storm = 10", "storm = true", "line 20: limits.storm: expected a whole number from 1, not true"),
        ("storm = 10", 'storm = "10"', "line 20: limits.storm: expected a whole number from 1, not '10'"),
        ("storm = 10", f"storm = {2**63}", "line 20: limits.storm: expected a whole number from 1"),
        ('"1m30s"', '"1"', 'line 22: limits.content-window: expected a length of time such as "1m"'),
        ('"1m30s"', "60", "line 22: limits.content-window: expected a length of time"),
        ('"1m30s"', '"1ns"', "line 22: limits.content-window: expected a length of time"),
        ("by flow", "by id", "line 17: order.rules: expected a rule such as 'PaymentRefunded after PaymentProcessed"),
        ("Refunded after Paid by key", "Paid", "line 16: order.rules: expected a rule such as"),
        ('"audit",', "3,", 'line 7: expect."payments.v1": expected a list of groups'),
        ('"ledger",', '" ",', 'line 5: expect."payments.v1": expected a list of groups'),
        (
            '"payments.v1"',
            "payments.v1",
            "line 4: expect.payments: expected a list of groups; a name with a dot stands in",
        ),
        (
            '["payment", "restaurant"]',
            '"payment"',
            'line 3: expect.orders: expected a list of groups, such as orders = ["',
        ),
        ('["payment", "restaurant"]', "[]", "line 3: expect.orders: expected a list of groups"),
        ("orders =", '"orders.*" =', 'line 3: expect."orders.*": expected the whole name of a destination'),
        ("orders =", '"" =', 'line 3: expect."": expected the whole name of a destination'),
        ("[destinations]", "[[destinations]]", "line 10: destinations: expected a section [destinations], not [{"),
        ("# what", "limits.strom = 3 #", "not TOML: Cannot declare"),
        ("# what", "expect = 3 #", "not TOML:"),
        ('"ledger",', '"ledger', "line 5: not TOML: Illegal character"),
        ("loop = 2", "loop = 2\nloop = 3", "line 22: not TOML: Cannot overwrite a value"),
    ],
)
def test_a_slip_is_named(good: str, wrong: str, said: str) -> None:
    """Where it stands, what was expected there, and the nearest right key."""
    with pytest.raises(UsageError) as refused:
        parse_configuration(GOOD.replace(good, wrong, 1), "some.toml")
    assert str(refused.value).startswith("some.toml, line ")
    assert said in str(refused.value)


def test_a_slip_within_one_line() -> None:
    """Inline tables and dotted keys stand where their statement stands."""
    with pytest.raises(UsageError, match=r"line 2: limits\.strom: unknown key"):
        parse_configuration("\nlimits = { loop = 2, strom = 3 }\n")
    with pytest.raises(UsageError, match=r"line 3: limits\.strom: unknown key"):
        parse_configuration("\n\nlimits.strom = 3\n")


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_every_key_is_found_on_its_line(sections: dict[str, list[str]], data: st.DataObject) -> None:
    """Whatever the keys, and however lists are broken into lines, with comments and blank lines between."""
    lines: list[str] = []
    keys: dict[str, int] = {}
    elements: dict[tuple[str, int], int] = {}
    for name, values in sections.items():
        lines += ["", "# [not a header]"] * data.draw(st.integers(0, 2))
        lines.append(f"{_quoted(name)} = [")
        keys[name] = len(lines)
        for place, value in enumerate(values):
            if data.draw(st.booleans()):
                lines.append("  # key = ']'")
            lines.append(f"  {_quoted(value)},")
            elements[name, place] = len(lines)
        lines.append("]")
    text = "[section]\n" + "\n".join(lines) + "\n"
    for name, line in keys.items():
        assert line_of(text, ("section", name)) == line + 1
    for (name, place), line in elements.items():
        assert line_of(text, ("section", name), place) == line + 1


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_files_that_are_none(tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8, too long: each named with what to do or where."""
    with pytest.raises(UsageError, match=r"none\.toml can not be read: No such file"):
        read_configuration(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="can not be read: Is a directory"):
        read_configuration(tmp_path)
    path = tmp_path / "flowtrail.toml"
    path.write_bytes(b"[expect]\norders = ['p\xff']\n")
    with pytest.raises(UsageError, match="line 2: not UTF-8"):
        read_configuration(path)
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(UsageError, match="no configuration is that long"):
        read_configuration(path)


def test_a_file_of_another_editor(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends are no slips, and lines are counted alike."""
    path = tmp_path / "flowtrail.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_configuration(path) == parse_configuration(GOOD)
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("storm", "strom").replace("\n", "\r\n").encode())
    with pytest.raises(UsageError, match="line 20: "):
        read_configuration(path)


def test_the_page_tells_what_is_so(tmp_path: Path) -> None:
    """The example of docs/configuration.md is read, its table has every key, its errors are those given."""
    page = PAGE.read_text()
    example, *_ = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    declared = parse_configuration(example)
    assert {declaration.kind for declaration in declared} == {"group", "retry", "dead-letter", "cause", "limit"}
    (shown,) = re.findall(r"^```console\n(\$ flowtrail findings.*?)^```$", page, re.MULTILINE | re.DOTALL)
    command, _, said = shown.partition("\n")
    (tmp_path / "flowtrail.toml").write_text(example.replace("storm", "strom"))
    (tmp_path / "flowtrail.duckdb").touch()
    code = "import sys; from flowtrail_tui.cli import main; sys.exit(main())"
    arguments = [*command.removeprefix("$ flowtrail ").split(), "--source", "flowtrail.duckdb"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, said.strip())
