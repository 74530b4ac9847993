"""The documentation says what the code does."""

from pathlib import Path

from flowtrail_tracer import attributes
from flowtrail_tracer._core.headers import TABLE

DOCS = Path(__file__).parents[2] / "docs"


def test_every_attribute_is_documented():
    """Names of attributes.py stand in attributes.md, the parts of a family by their ending."""
    text = (DOCS / "attributes.md").read_text()
    names = [value for name, value in vars(attributes).items() if name.isupper()]
    missing = [name for name in names if name not in text and f"`.{name.rpartition('.')[2]}`" not in text]
    assert missing == []


def test_every_header_is_documented():
    """The reading table of the page is that of the code."""
    text = (DOCS / "attributes.md").read_text()
    for meaning, names in TABLE.items():
        assert f"| {meaning.replace('_', ' ')} | {', '.join(f'`{name}`' for name in names)} |" in text
