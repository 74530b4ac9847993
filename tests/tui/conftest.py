"""What the tests of the terminal interface share."""

import asyncio

import pytest
import pytest_textual_snapshot

# The plugin sets the name that an older syrupy read; without this the accepted pictures would be called `.raw`.
pytest_textual_snapshot.SVGImageExtension.file_extension = "svg"

_REST_S = 0.002


@pytest.fixture(autouse=True)
def _no_guessing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for messages, not for a quiet processor.

    The toolkit's test driver waits twice per key until the process uses little of the processor, up to a second each:
    on a busy machine most of a test's time. What a key leads to is awaited by `settle`: questions and their answers.
    """

    async def rest(min_sleep: float = 0, max_sleep: float = 0) -> None:
        await asyncio.sleep(_REST_S)

    monkeypatch.setattr("textual.app.wait_for_idle", rest)
    monkeypatch.setattr("textual.pilot.wait_for_idle", rest)
