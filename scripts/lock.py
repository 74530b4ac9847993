"""Locks the version of everything that is installed: the two projects' dependencies, their own, and the tools.

    uv run python scripts/lock.py                     keep what is locked, lock what is new, drop what nobody needs
    uv run python scripts/lock.py --upgrade           the newest of everything
    uv run python scripts/lock.py --upgrade NAME ...  the newest of these
    uv run python scripts/lock.py --check             change nothing; exit with 1 if something would change

Three files hold the lock, none of them a download address, so that it serves behind any mirror:

- `pyproject.toml`: versions, as `constraint-dependencies` and `build-constraint-dependencies`; `uv run` obeys them
- `requirements.lock`: the same versions with hashes; what CI installs
- `requirements-kafka-2.3.lock`: the other kafka-python that the tracer is tested with
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECTS = (Path("pyproject.toml"), Path("tracer/pyproject.toml"))
REQUIREMENTS = Path("requirements.lock")
OTHER_KAFKA = Path("requirements-kafka-2.3.lock")
OTHER_KAFKA_RANGE = "kafka-python>=2.3,<2.4"
BUILD_GROUP = "build"
PLACE = "# written by scripts/lock.py: "
"""Begins the lines of pyproject.toml that name the two lists."""


@dataclass(frozen=True)
class Pin:
    """One version: for every platform and Python, unless a marker says for which."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    @property
    def requirement(self) -> str:
        """The version as a requirement, with its marker."""
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


class LockError(RuntimeError):
    """uv could not resolve; the message is uv's."""


def parse(text: str) -> list[Pin]:
    """Read a file of requirements with hashes, as uv exports it."""
    pins = []
    whole = re.sub(r"\\\n", " ", text)
    for line in re.findall(r"^[^\s#].*$", whole, re.MULTILINE):
        requirement, *hashes = re.split(r"\s--hash=", line)
        name_version, _, marker = requirement.partition(" ; ")
        name, _, version = name_version.partition("==")
        pins.append(Pin(name.strip(), version.strip(), marker.strip(), frozenset(each.strip() for each in hashes)))
    return pins


def constraints(pins: list[Pin]) -> list[str]:
    """Return pins as constraints: with markers only where one name has several versions."""
    names = [pin.name for pin in pins]
    return [pin.requirement if names.count(pin.name) > 1 else f"{pin.name}=={pin.version}" for pin in pins]


def with_lists(pyproject: str, lists: dict[str, list[str]]) -> str:
    """Return the text of pyproject.toml with these lists of `[tool.uv]` in their places."""
    for key, entries in lists.items():
        body = "".join(f'    "{entry}",\n' for entry in entries)
        place = re.compile(rf"^{key} = \[ {re.escape(PLACE)}.*?^\]\n", re.MULTILINE | re.DOTALL)
        written = f"{key} = [ {PLACE}do not edit\n{body}]\n"
        pyproject, count = place.subn(written.replace("\\", r"\\"), pyproject)
        if count != 1:
            raise LockError(f"pyproject.toml has {count} places for {key}; one line `{key} = [ {PLACE}` must begin it")
    return pyproject


def locked_lists(pyproject: str) -> dict[str, list[str]]:
    """Return the two lists as pyproject.toml has them."""
    settings = tomllib.loads(pyproject)["tool"]["uv"]
    return {key: settings[key] for key in ("constraint-dependencies", "build-constraint-dependencies")}


def uv(*arguments: str, folder: Path, stdin: str = "") -> str:
    """Run uv and return what it says on stdout."""
    program = os.environ.get("UV") or shutil.which("uv")
    if program is None:
        raise LockError("uv is not installed: pip install uv")
    done = subprocess.run([program, *arguments], cwd=folder, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LockError(f"uv {' '.join(arguments)}:\n{done.stderr}")
    return done.stdout


def resolve(kept: dict[str, list[str]], kept_kafka: str) -> dict[Path, str]:
    """Return the three files' texts: versions resolved anew, except those that are kept."""
    with tempfile.TemporaryDirectory(prefix="flowtrail-lock-") as temporary:
        folder = Path(temporary)
        for project in PROJECTS:
            (folder / project).parent.mkdir(exist_ok=True)
            (folder / project).write_text((ROOT / project).read_text())
        pyproject = with_lists((ROOT / PROJECTS[0]).read_text(), kept)
        (folder / PROJECTS[0]).write_text(pyproject)
        uv("lock", "--quiet", folder=folder)
        export = ("export", "--quiet", "--frozen", "--no-header", "--no-emit-index-url", "--no-emit-workspace")
        requirements = uv(*export, "--all-groups", "--all-extras", folder=folder)
        build = uv(*export, "--only-group", BUILD_GROUP, folder=folder)
        compile_ = ("pip", "compile", "--quiet", "--no-config", "--generate-hashes", "--no-header", "--no-annotate")
        kafka = uv(*compile_, "--no-emit-index-url", "--no-deps", "--universal", "-", folder=folder, stdin=kept_kafka)
    lists = {
        "constraint-dependencies": constraints(parse(requirements)),
        "build-constraint-dependencies": constraints(parse(build)),
    }
    return {PROJECTS[0]: with_lists(pyproject, lists), REQUIREMENTS: requirements, OTHER_KAFKA: kafka}


def keeping(upgraded: list[str] | None) -> tuple[dict[str, list[str]], str]:
    """Return the constraints that stay: all of them, or all but the upgraded (an empty list upgrades everything)."""
    lists = locked_lists((ROOT / PROJECTS[0]).read_text())
    other = [pin.requirement for pin in parse(_text(OTHER_KAFKA))]
    if upgraded is not None:
        names = {re.sub(r"[-_.]+", "-", name).lower() for name in upgraded}
        lists = {
            key: [entry for entry in entries if upgraded and entry.partition("==")[0] not in names]
            for key, entries in lists.items()
        }
        other = [entry for entry in other if upgraded and "kafka-python" not in names]
    return lists, "\n".join([OTHER_KAFKA_RANGE, *other])


def differences(wanted: dict[Path, str]) -> list[str]:
    """Say where the files are not what they should be.

    Comments are free, and a release may have got further files since (then further hashes): what counts is that
    the versions are these and each recorded hash is still on offer.
    """
    found = []
    if locked_lists(_text(PROJECTS[0])) != locked_lists(wanted[PROJECTS[0]]):
        found.append(f"{PROJECTS[0]}: the constraints are not the resolved versions")
    for path in (REQUIREMENTS, OTHER_KAFKA):
        here = {pin.requirement: pin.hashes for pin in parse(_text(path))}
        there = {pin.requirement: pin.hashes for pin in parse(wanted[path])}
        found += [f"{path}: {entry} is missing" for entry in sorted(there.keys() - here.keys())]
        found += [f"{path}: {entry} is not needed" for entry in sorted(here.keys() - there.keys())]
        found += [
            f"{path}: {entry} has no hash, or one that no file on offer has"
            for entry in sorted(here.keys() & there.keys())
            if not here[entry] or not here[entry] <= there[entry]
        ]
    return found


def _text(path: Path) -> str:
    file = ROOT / path
    return file.read_text() if file.exists() else ""


def main() -> int:
    """Lock, or check the lock."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--upgrade", nargs="*", metavar="NAME", help="take the newest versions, of everything or of these"
    )
    group.add_argument("--check", action="store_true", help="change nothing; exit with 1 if something would change")
    options = parser.parse_args()
    try:
        wanted = resolve(*keeping(options.upgrade))
    except LockError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        found = differences(wanted)
        print("\n".join(found) or "the lock is complete", file=sys.stderr if found else sys.stdout)
        return 1 if found else 0
    for path, text in wanted.items():
        (ROOT / path).write_text(text)
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
