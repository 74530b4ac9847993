"""Both distributions: they build, hold nothing but their packages, and work in an empty environment."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SOURCES = {
    "flowtrail": {
        "collector/flowtrail_collector": "flowtrail_collector",
        "reports/flowtrail_reports": "flowtrail_reports",
        "tui/flowtrail_tui": "flowtrail_tui",
        "examples/food_delivery": "flowtrail_tui/demo/food_delivery",
    },
    "flowtrail_tracer": {"tracer/flowtrail_tracer": "flowtrail_tracer"},
}
"""Distribution: folder of the repository, folder in the wheel."""
METADATA = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}

Uv = Callable[..., str]


@pytest.fixture(scope="module")
def uv() -> Uv:
    """Run uv and return its output."""
    program = os.environ.get("UV") or shutil.which("uv")
    if program is None:
        pytest.skip("building and installing wheels needs uv: pip install uv")

    def run(*arguments: str | Path, cwd: Path) -> str:
        command = [program, *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=170, check=False)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="module")
def built(uv: Uv, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both source distributions, and the wheels from these."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--all-packages", "--python", sys.executable, "--out-dir", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Callable[[str], Path]:
    """Return a distribution's wheel."""
    return lambda name: next(built.glob(f"{name}-*.whl"))


@pytest.fixture(scope="module")
def install(uv: Uv, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Install wheels and the locked versions of what they need into a new environment; return its programs' folder."""

    def into_new(*requirements: str | Path) -> Path:
        environment = tmp_path_factory.mktemp("environment") / "venv"
        uv("venv", "--quiet", "--python", sys.executable, environment, cwd=environment.parent)
        locked = ("--constraints", ROOT / "requirements.lock")
        command = ("pip", "install", "--quiet", "--python", environment, *locked)
        uv(*command, *requirements, cwd=environment.parent)
        return environment / ("Scripts" if os.name == "nt" else "bin")

    return into_new


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program where no file of the repository can be imported; return its output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FLOWTRAIL"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def files_under(folder: Path) -> set[str]:
    """Return the names of what belongs into a wheel."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in found}


def metadata(wheel: Path) -> Message:
    """Read what a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


@pytest.mark.parametrize("name", SOURCES)
def test_a_wheel_holds_its_packages_and_nothing_else(name: str, wheel: Callable[[str], Path]):
    """Every file of each folder (SQL and page parts too), its licence, and no other."""
    with zipfile.ZipFile(wheel(name)) as archive:
        held = {entry for entry in archive.namelist() if not entry.endswith("/")}
    expected = {f"{inside}/{file}" for outside, inside in SOURCES[name].items() for file in files_under(ROOT / outside)}
    expected |= {f"{name}-0.1.0.dist-info/{file}" for file in METADATA}
    assert held == expected


def test_no_file_belongs_to_two_distributions(built: Path):
    """The tracer is a distribution of its own, not a part of the other."""
    held = [set(zipfile.ZipFile(path).namelist()) for path in built.glob("*.whl")]
    assert len(held) == 2
    assert set.intersection(*held) == set()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_distribution_holds_no_more_than_is_needed(name: str, built: Path):
    """The wheel is built from it, so it holds enough; it holds no tests, no environments, no lock either."""
    with tarfile.open(next(built.glob(f"{name}-*.tar.gz"))) as archive:
        parts = {tuple(Path(member).parts[1:3]) for member in archive.getnames()}
    folders = {tuple(Path(outside).parts[-2:]) for outside in SOURCES[name]}
    folders = folders if name == "flowtrail" else {(folder[-1],) for folder in folders}
    texts = {(file,) for file in (".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml")}
    strange = {part for part in parts if part not in texts and not any(part[: len(each)] == each for each in folders)}
    assert strange == set()


@pytest.mark.parametrize("name", SOURCES)
def test_metadata(name: str, wheel: Callable[[str], Path]):
    """Python from 3.11 on, the licence, a description; ranges of versions, but the tracer's own."""
    said = metadata(wheel(name))
    assert (said["Version"], said["Requires-Python"], said["License-Expression"]) == ("0.1.0", ">=3.11", "Apache-2.0")
    assert said["Description-Content-Type"] == "text/markdown"
    assert said.get_all("Project-URL") is None
    needed = [Requirement(text) for text in said.get_all("Requires-Dist", [])]
    exact = [str(each) for each in needed if "==" in str(each.specifier)]
    assert exact == (["flowtrail-tracer==0.1.0"] if name == "flowtrail" else [])


def test_the_tracer_installs_alone(wheel: Callable[[str], Path], install: Callable[..., Path], tmp_path: Path):
    """A service gets OpenTelemetry's API and SDK and no database; its entry point is found."""
    programs = install(wheel("flowtrail_tracer"))
    asked = """\
import importlib.metadata as m, json, flowtrail_tracer
(found,) = m.entry_points(group="opentelemetry_instrumentor", name="flowtrail")
assert found.load().__name__ == "FlowtrailInstrumentor"
print(*sorted(each.name.lower().replace("_", "-") for each in m.distributions()))"""
    installed = run(programs / "python", "-c", asked, cwd=tmp_path).split()
    assert set(installed) == {
        "flowtrail-tracer",
        "opentelemetry-api",
        "opentelemetry-sdk",
        "opentelemetry-semantic-conventions",
        "typing-extensions",
    }


def test_flowtrail_installs_and_answers(wheel: Callable[[str], Path], install: Callable[..., Path], tmp_path: Path):
    """The command is there, each of its commands explains itself, and the demo finds its services."""
    programs = install(wheel("flowtrail_tracer"), f"flowtrail[demo] @ {wheel('flowtrail').as_uri()}")
    command = programs / "flowtrail"
    assert run(command, "--version", cwd=tmp_path) == "flowtrail 0.1.0\n"
    assert "Ask event-driven systems" in run(command, "--help", cwd=tmp_path)
    names = "import flowtrail_tui.cli.program as c; print(*c.COMMANDS)"
    for name in run(programs / "python", "-c", names, cwd=tmp_path).split():
        assert f"Usage: flowtrail {name}" in run(command, name, "--help", cwd=tmp_path)
    services = "import flowtrail_tui.demo.services as s; print(s.code_directory())"
    directory = Path(run(programs / "python", "-c", services, cwd=tmp_path).strip())
    assert ROOT not in directory.parents
    run(programs / "python", "-m", "food_delivery.orders", "--help", cwd=directory)
