"""What is committed: no addresses of registries, no paths of machines, no file that is made."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SELF = Path(__file__).relative_to(ROOT).as_posix()
REGISTRIES = "|".join(
    (
        r"[p]ypi\.(org|python)|python[h]osted|repo1?\.m[a]ven|m[a]ven\.org|registry\.n[p]mjs",
        r"index-url\s*=|[d]ocker\.io|ghcr\.io",
    )
)
MACHINES = r"/[r]oot/|/home/(?!app\b)[a-z]|/Users/[a-z]|/[w]ork/|/tmp/[a-z]|\.pyenv|C:\\Users"
MADE = r"(^|/)(uv\.lock|dist/|build/|__pycache__/|\.venv|.*\.pyc$|.*\.duckdb(\.wal)?$|.*\.whl$|\.DS_Store$)"


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Return the committed files' names."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, or no git")
    command = ["git", "ls-files", "-z", "--cached"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("forbidden", [REGISTRIES, MACHINES], ids=["registries", "machines"])
def test_no_committed_file_names(forbidden: str, tracked: list[str]):
    """Whoever clones this has another mirror, and another home."""
    pattern = re.compile(forbidden.encode())
    found = [
        f"{name}:{number}: {line[:120]!r}"
        for name in tracked
        if name != SELF
        for number, line in enumerate((ROOT / name).read_bytes().splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_made_file_is_committed(tracked: list[str]):
    """Above all not uv.lock, which records download addresses."""
    assert [name for name in tracked if re.search(MADE, name)] == []


def test_uv_lock_is_ignored():
    """So that nobody commits it by accident."""
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines()


def test_both_distributions_carry_the_licence():
    """The same text."""
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "tracer" / "LICENSE").read_bytes()


def test_ci_can_be_run():
    """It is a program."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
