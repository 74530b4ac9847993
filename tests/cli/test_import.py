"""`flowtrail import`."""

from pathlib import Path

from tests.cli.conftest import Run


def test_import_twice(run: Run, otlp: Path) -> None:
    """What is stored already is not stored again."""
    result = run("import", otlp, "--store", "s.duckdb")
    assert (result.code, result.out) == (0, "6 spans stored in s.duckdb\n")
    result = run("import", otlp, "--store", "s.duckdb")
    assert result.out == "0 spans stored in s.duckdb: all of it was there already\n"
    assert run("import", otlp, "--store", "s.duckdb", "--json").document["stored"] == 0


def test_a_damaged_file(run: Run, otlp: Path) -> None:
    """Exit 1; what was read is kept, the place is named."""
    otlp.write_text(otlp.read_text() + '{"resourceSpans": [{"resour\n')
    result = run("import", otlp, "--store", "s.duckdb")
    assert result.code == 1
    assert "6 spans stored" in result.out
    assert "damaged" in result.err
    assert "line 3" in result.err


def test_rejected_spans_are_counted_once(run: Run, otlp: Path) -> None:
    """The count stands before the reason and not again in it; several reasons have a count each."""
    good = otlp.read_text()
    bad = '{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "", "spanId": "00f067aa0ba902b7"}]}]}]}\n'
    otlp.write_text(good + bad)
    result = run("import", otlp, "--store", "s.duckdb")
    assert result.out == "6 spans stored in s.duckdb, 1 span rejected (trace id is not 16 bytes, or all zero)\n"
    otlp.write_text(
        good
        + bad.replace("00f0", "00f1")
        + bad.replace('""', '"5b8efff798038103d269b633813fc60c"', 1).replace("00f067aa0ba902b7", "")
    )
    result = run("import", otlp, "--store", "t.duckdb")
    assert result.out == (
        "6 spans stored in t.duckdb, 2 spans rejected (1: trace id is not 16 bytes, or all zero; "
        "1: span id is not 8 bytes, or all zero)\n"
    )


def test_a_file_that_is_not_there(run: Run, otlp: Path) -> None:
    """Exit 3, before anything is imported."""
    result = run("import", otlp, "nope.jsonl", "--store", "s.duckdb")
    assert result.code == 3
    assert "there is no file nope.jsonl" in result.err
    assert not Path("s.duckdb").exists()


def test_the_store_must_be_named(run: Run, otlp: Path) -> None:
    """Exit 2."""
    result = run("import", otlp)
    assert result.code == 2
    assert "--store" in result.err
