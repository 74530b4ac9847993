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
