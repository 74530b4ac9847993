"""Every screen and state as a picture, at a wide and a narrow size, held against the accepted one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.pictures import PICTURES
from tests.tui.pilot import Driven

SIZES = {"120x36": (120, 36), "80x24": (80, 24)}


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files go to a folder that is called the same everywhere."""
    (tmp_path / "incident").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "incident")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PICTURES)
def test_looks_as_accepted(name: str, size: str, snap_compare: Callable[..., bool]) -> None:
    """A screen looks as it did when a person last looked at it and accepted it (`--snapshot-update`)."""
    picture = PICTURES[name]
    app, source = picture.app()

    async def reach(pilot: Pilot[int]) -> None:
        await picture.reach(Driven(app, source, pilot))

    assert snap_compare(app, terminal_size=SIZES[size], run_before=reach)
