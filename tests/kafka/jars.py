"""Jars named by a pinned pom, resolved by Maven once and cached outside the repository."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOLVE_TIMEOUT = 600.0


class ResolveError(RuntimeError):
    """Maven could not resolve a pom's jars."""


def missing_tools() -> str | None:
    """Say which of the programs that these tests start is not installed; None when all are."""
    absent = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def cache_folder() -> Path:
    """Where the platform keeps files that can be made again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "flowtrail-tests"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flowtrail-tests"


def resolve(pom: Path, cache: Path | None = None) -> Path:
    """Return the folder that holds the jars of `pom`, asking Maven only when its text has not been resolved before.

    A folder appears under its final name only when it is complete; of several processes that need it, one resolves
    and the others wait.
    """
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()[:20]
    parent = cache or cache_folder()
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"jars-{digest}"
    with _locked(parent / f"jars-{digest}.lock"):
        if not folder.is_dir():
            _copy_dependencies(pom, folder)
    return folder


def _copy_dependencies(pom: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as partial:
        jars = Path(partial) / "jars"
        command = ["mvn", "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=RESOLVE_TIMEOUT, check=False)
        if done.returncode != 0 or not any(jars.glob("*.jar")):
            raise ResolveError(f"Maven could not resolve {pom}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        jars.rename(folder)


@contextmanager
def _locked(path: Path) -> "Iterator[None]":
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
