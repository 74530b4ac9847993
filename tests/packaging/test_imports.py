"""What an import costs, and which way imports run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "aiokafka",
    "confluent_kafka",
    "duckdb",
    "google",
    "grpc",
    "kafka",
    "numpy",
    "plotly",
    "ptars",
    "pyarrow",
    "requests",
    "rich",
    "starlette",
    "textual",
    "uvicorn",
}
LISTING = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def imported_by(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter; return the packages that it imported."""
    command = [sys.executable, "-c", f"{statement}\n{LISTING}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout))


def test_the_tracer_imports_opentelemetry_and_little_else():
    """A service that embeds it pays for nothing else, and for a client library only when it uses one itself."""
    found = imported_by("import flowtrail_tracer, flowtrail_tracer.attributes, flowtrail_tracer.instrumentor")
    assert found & HEAVY == set()
    assert found & {"flowtrail_collector", "flowtrail_reports", "flowtrail_tui"} == set()


@pytest.mark.parametrize("module", ["flowtrail_collector", "flowtrail_reports", "flowtrail_tui", "flowtrail_tui.cli"])
def test_a_package_imports_nothing_heavy_until_it_is_used(module: str):
    """`flowtrail --help` answers at once."""
    assert imported_by(f"import {module}") & HEAVY == set()


@pytest.mark.parametrize("module", ["flowtrail_tui.cli.tui", "flowtrail_tui.app"])
def test_the_screens_are_painted_before_the_database_is_imported(module: str):
    """Neither it nor Arrow nor Plotly is needed for the first paint."""
    assert imported_by(f"import {module}") & (HEAVY - {"rich", "textual"}) == set()


def test_imports_run_one_way():
    """The contracts of import-linter in pyproject.toml hold."""
    command = [sys.executable, "-c", "import importlinter.cli as cli; cli.lint_imports_command()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
