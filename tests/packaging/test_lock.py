"""The locked versions: three files that say the same, cover everything that is asked for, and are obeyed."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import lock

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text()
PINS = lock.parse((ROOT / lock.REQUIREMENTS).read_text())
OURS = {"flowtrail", "flowtrail-tracer"}
PYTHONS = ("3.11", "3.12", "3.13")

EXPORTED = """\
alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via beta
beta==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:cc
beta==2.1 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
gamma==3 ; sys_platform == 'win32' \\
    --hash=sha256:ee
"""


def asked_for() -> list[Requirement]:
    """Collect what both projects and the tools' groups ask for, but for each other and other groups."""
    found = []
    for path in lock.PROJECTS:
        document = tomllib.loads((ROOT / path).read_text())
        project = document["project"]
        texts = [*project["dependencies"], *document["build-system"]["requires"]]
        lists = [*project.get("optional-dependencies", {}).values(), *document.get("dependency-groups", {}).values()]
        texts += [text for entries in lists for text in entries if isinstance(text, str)]
        found += [Requirement(text) for text in texts]
    return [each for each in found if canonicalize_name(each.name) not in OURS]


def applies(pin: lock.Pin, python: str) -> bool:
    """Tell whether a pin is for this Python on Linux."""
    here = {"python_full_version": f"{python}.0", "python_version": python, "sys_platform": "linux"}
    return not pin.marker or Marker(pin.marker).evaluate(here)


def test_both_files_lock_the_same_versions():
    """What `uv run` obeys and what CI installs are one list."""
    lists = lock.locked_lists(PYPROJECT)
    assert lists["constraint-dependencies"] == lock.constraints(PINS)
    assert set(lists["build-constraint-dependencies"]) <= set(lists["constraint-dependencies"])


@pytest.mark.parametrize("python", PYTHONS)
def test_everything_asked_for_is_locked_once_to_a_version_in_its_range(python: str):
    """On every supported Python."""
    locked: dict[str, list[str]] = {}
    for pin in PINS:
        if applies(pin, python):
            locked.setdefault(pin.name, []).append(pin.version)
    assert {name: versions for name, versions in locked.items() if len(versions) > 1} == {}
    for requirement in asked_for():
        (version,) = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), requirement


def test_every_version_has_hashes():
    """Nothing can be installed that was not looked at when it was locked."""
    others = lock.parse((ROOT / lock.OTHER_KAFKA).read_text())
    assert [pin.requirement for pin in [*PINS, *others] if not pin.hashes] == []


def test_the_tracer_is_tested_with_two_kafka_pythons():
    """3.0 stands in the lock, 2.3 beside it."""
    (other,) = lock.parse((ROOT / lock.OTHER_KAFKA).read_text())
    (usual,) = [pin for pin in PINS if pin.name == "kafka-python"]
    assert (usual.version[:4], other.name, other.version[:4]) == ("3.0.", "kafka-python", "2.3.")


def test_the_installed_versions_are_the_locked_ones():
    """These tests run with what is locked."""
    here = {pin.name: pin.version for pin in PINS if not pin.marker or Marker(pin.marker).evaluate()}
    installed = {canonicalize_name(each.name): each.version for each in metadata.distributions()}
    wrong = {name: (installed[name], here[name]) for name in installed.keys() & here if installed[name] != here[name]}
    assert wrong == {}


def test_wheels_state_ranges():
    """A lock is for this repository; whoever installs flowtrail beside other things needs room."""
    exact = [str(each) for each in asked_for() if any(part.operator in {"==", "==="} for part in each.specifier)]
    assert exact == []


def test_parse_reads_what_uv_exports():
    """Name, version, marker, hashes; comments are none."""
    alpha, beta, later, gamma = lock.parse(EXPORTED)
    assert alpha == lock.Pin("alpha", "1.0", "", frozenset({"sha256:aa", "sha256:bb"}))
    assert beta == lock.Pin("beta", "2.0", "python_full_version < '3.12'", frozenset({"sha256:cc"}))
    assert (later.version, gamma.marker) == ("2.1", "sys_platform == 'win32'")


def test_constraints_have_markers_only_where_one_name_has_several_versions():
    """Elsewhere the version holds wherever the package is installed at all."""
    assert lock.constraints(lock.parse(EXPORTED)) == [
        "alpha==1.0",
        "beta==2.0 ; python_full_version < '3.12'",
        "beta==2.1 ; python_full_version >= '3.12'",
        "gamma==3",
    ]


def test_lists_are_written_in_their_places_and_read_back():
    """And nothing else of pyproject.toml changes."""
    lists = {"constraint-dependencies": ["alpha==1.0"], "build-constraint-dependencies": ["beta==2.0 ; x == 'y'"]}
    written = lock.with_lists(PYPROJECT, lists)
    assert lock.locked_lists(written) == lists
    assert lock.with_lists(written, lock.locked_lists(PYPROJECT)) == PYPROJECT


def test_a_missing_place_is_an_error():
    """The lock is not written where nobody reads it."""
    with pytest.raises(lock.LockError, match="0 places for constraint-dependencies"):
        lock.with_lists("[tool.uv]\n", {"constraint-dependencies": []})


def test_upgrading_lets_go_of_the_named_versions():
    """Of all, where none is named; of none without the option."""
    everything, kafka = lock.keeping(None)
    assert everything == lock.locked_lists(PYPROJECT)
    assert re.search(r"^kafka-python==2\.3\.", kafka, re.MULTILINE)
    without, _ = lock.keeping(["Kafka_Python"])
    assert set(everything["constraint-dependencies"]) - set(without["constraint-dependencies"]) == {
        entry for entry in everything["constraint-dependencies"] if entry.startswith("kafka-python==")
    }
    nothing, kafka = lock.keeping([])
    assert (list(nothing.values()), kafka) == ([[], []], lock.OTHER_KAFKA_RANGE)
