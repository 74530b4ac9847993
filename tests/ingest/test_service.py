"""The running collector: addresses, overload, retention, counters, an orderly end."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from flowtrail_collector.errors import SourceUnavailable, UsageError
from flowtrail_collector.service import Collector, CollectorConfig, beyond_loopback
from tests.ingest.otlp import body, count, post, span

if TYPE_CHECKING:
    from starlette.requests import Request

    from flowtrail_collector.store import Store


def test_addresses_are_told(collector: Collector) -> None:
    """Port 0 becomes the port that was taken; the URL can be asked."""
    assert collector.grpc_address is not None
    assert collector.http_address is not None
    assert not collector.grpc_address.endswith(":0")
    assert collector.http_url == f"http://{collector.http_address}"


def test_a_port_that_is_taken(config: CollectorConfig) -> None:
    """It is named with the option to change, and the store is let go of."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for changed, option in (({"http": address}, "--http"), ({"grpc": address}, "--grpc")):
            collector = Collector(dataclasses.replace(config, **changed))  # type: ignore[arg-type]
            with pytest.raises(SourceUnavailable, match=option) as failed:
                collector.start()
            assert address in str(failed.value)
    with Collector(config):
        pass


@pytest.mark.parametrize("address", ["4318", "localhost", "localhost:http", "localhost:99999", ""])
def test_what_is_no_address(config: CollectorConfig, address: str) -> None:
    """A usage error that shows what an address looks like."""
    with pytest.raises(UsageError, match="HOST:PORT"):
        Collector(dataclasses.replace(config, http=address)).start()


def test_only_one_transport(config: CollectorConfig) -> None:
    """Either may be left out."""
    with Collector(dataclasses.replace(config, grpc=None)) as collector:
        assert collector.grpc_address is None
        assert post(str(collector.http_address), body(span()))[0] == 200
    with Collector(dataclasses.replace(config, http=None)) as collector:
        assert collector.http_address is None
        assert collector.http_url is None


def test_beyond_loopback() -> None:
    """What can be reached from elsewhere is known without asking a name server."""
    assert [beyond_loopback(address) for address in ("127.0.0.1:1", "localhost:1", "[::1]:1", None)] == [False] * 4
    assert [beyond_loopback(address) for address in ("0.0.0.0:1", "[::]:1", "10.0.0.1:1", ":1")] == [True] * 4


def test_every_address_of_this_machine(config: CollectorConfig) -> None:
    """A wildcard address takes spans, and is asked through loopback."""
    with Collector(dataclasses.replace(config, http="0.0.0.0:0", grpc=None)) as collector:
        assert collector.http_url is not None
        assert collector.http_url.startswith("http://127.0.0.1:")
        assert post(collector.http_url.removeprefix("http://"), body(span()))[0] == 200


def test_counters(collector: Collector, http: str) -> None:
    """What came and what became of it, for `status`."""
    one = span()
    post(http, body(one, span(), span(trace_id=b"")))
    post(http, body(one))
    post(http, b"no OTLP")
    told = collector.running()
    assert (told["received"], told["stored"], told["duplicates"], told["rejected"]) == (4, 2, 1, 1)
    assert (told["requests"], told["invalid_requests"], told["refused_requests"]) == (3, 1, 0)
    assert told["writable"] is True
    assert told["newest_end_ns"] >= one.end_time_unix_nano


def test_overload_refuses_and_loses_nothing(config: CollectorConfig) -> None:
    """More than may wait: 503 with a short Retry-After; retrying clients get everything stored, once."""
    small = dataclasses.replace(config, max_waiting=20_000, grpc=None)
    refused = []
    with Collector(small) as collector:

        def send(_: int) -> None:
            data = body(*(span() for _ in range(40)))
            while (answer := post(str(collector.http_address), data))[0] != 200:
                assert answer[0] == 503
                assert 0 < int(answer[2]["retry-after"]) <= 2
                refused.append(1)
                time.sleep(0.02)

        with ThreadPoolExecutor(24) as pool:
            list(pool.map(send, range(120)))
        assert count(collector.store) == 4800
        assert collector.counters.refused == len(refused) > 0


def test_a_large_request_is_taken_when_nothing_waits(config: CollectorConfig) -> None:
    """The bound on what waits never refuses a single request."""
    with Collector(dataclasses.replace(config, max_waiting=100, grpc=None)) as collector:
        assert post(str(collector.http_address), body(span(), span()))[0] == 200


def test_old_spans_are_removed(config: CollectorConfig) -> None:
    """With an age to retain, spans older than it go, the others stay."""
    now = time.time_ns()
    with Collector(dataclasses.replace(config, retain_s=3600, grpc=None)) as collector:
        young = span(start_time_unix_nano=now, end_time_unix_nano=now)
        assert post(str(collector.http_address), body(span(), young))[0] == 200
    with Collector(dataclasses.replace(config, retain_s=3600, grpc=None)) as collector:
        until = time.monotonic() + 10
        while count(collector.store) > 1 and time.monotonic() < until:
            time.sleep(0.05)
        assert count(collector.store) == 1


def test_stop_under_load_answers_or_refuses(config: CollectorConfig) -> None:
    """While it stops, a request is acknowledged and stored, or it fails: nothing acknowledged is missing."""
    collector = Collector(config)
    collector.start()
    address = str(collector.http_address)
    acked = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            data = body(*(span() for _ in range(10)))
            try:
                if post(address, data)[0] == 200:
                    acked.append(10)
            except OSError:
                return

    clients = [threading.Thread(target=send) for _ in range(4)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    begin = time.monotonic()
    collector.stop()
    assert time.monotonic() - begin < 15
    stop.set()
    for client in clients:
        client.join()
    with Collector(config) as again:
        assert count(again.store) >= sum(acked) > 0


def test_extra_routes(config: CollectorConfig) -> None:
    """The API's routes stand beside OTLP's, made once there is a store."""
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def routes(store: Store, _: Collector) -> list[Route]:
        async def answer(_: Request) -> PlainTextResponse:
            return PlainTextResponse(str(count(store)))

        return [Route("/api/v1/count", answer)]

    with Collector(config, routes=routes) as collector:
        post(str(collector.http_address), body(span()))
        assert post(str(collector.http_address), b"", path="/api/v1/count", method="GET")[1] == b"1"
