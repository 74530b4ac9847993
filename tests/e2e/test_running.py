"""The harness: a service that keeps silent shows where it stands."""

import pytest

from tests.e2e.running import Service, ServiceError


def test_a_service_that_keeps_silent_shows_its_stacks():
    """Every thread's, beside what it said."""
    service = Service("silent", "http://127.0.0.1:1")
    try:
        service.hear("begun")
        with pytest.raises(ServiceError, match=r"(?s)silent \(None\): no word.*begun.*silent\.py.*in main") as caught:
            service.hear("word", seconds=0.1)
        assert "telling.py" in str(caught.value)
        assert "in listen" in str(caught.value)
        service.stop()
    finally:
        service.kill()
