"""OTLP over gRPC: TraceService/Export, and polite answers for metrics and logs.

Messages are not decompressed by gRPC's core, which would do it without a limit, but here. Handlers take and give bytes.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import grpc

from flowtrail_collector.errors import FlowtrailError, SourceUnavailable
from flowtrail_collector.receive import answers
from flowtrail_collector.receive.answers import Code, Failure
from flowtrail_collector.receive.compression import MAX_BODY, Body
from flowtrail_collector.receive.intake import Outcome

if TYPE_CHECKING:
    from flowtrail_collector.receive.intake import Intake

_TRACES: Final = "opentelemetry.proto.collector.trace.v1.TraceService"
_OTHERS: Final = (
    "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "opentelemetry.proto.collector.logs.v1.LogsService",
)
_THREADS: Final = 32
_STORED_WITHIN_S: Final = 60.0
_GZIP: Final = b"\x1f\x8b"
_HEAD: Final = 4 << 20  # what gRPC may receive beyond the limit, so that the answer to it is ours
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_log = logging.getLogger(__name__)


class OtlpGrpc:
    """A gRPC server that takes spans; it listens once constructed and serves once started."""

    def __init__(self, address: str, intake: Intake, limit: int = MAX_BODY) -> None:
        """Bind to `address` (HOST:PORT, port 0 for any free one). Raises SourceUnavailable."""
        self._intake = intake
        self._limit = limit
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="flowtrail-grpc"),
            options=[
                ("grpc.max_receive_message_length", limit + _HEAD),
                ("grpc.per_message_decompression", 0),
                ("grpc.max_concurrent_streams", _THREADS),
                ("grpc.so_reuseport", 0),
                ("grpc.max_metadata_size", 64 << 10),
            ],
        )
        handlers = {_TRACES: self._export, **dict.fromkeys(_OTHERS, self._drop)}
        for service, handler in handlers.items():
            method = grpc.unary_unary_rpc_method_handler(handler)
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": method}),))
        try:
            self.port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise SourceUnavailable(
                f"can not listen on {address} for OTLP over gRPC: the port is taken or the name is not this machine's; "
                "name another with --grpc",
            ) from error

    def start(self) -> None:
        """Serve."""
        self._server.start()

    def stop(self, grace_s: float) -> None:
        """Take no more; give requests that are under way this long."""
        self._server.stop(grace_s).wait()

    def _export(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            outcome = self._intake.submit(self._plain(message)).result(_STORED_WITHIN_S)
            return answers.success(outcome, json=False)
        except TimeoutError:
            failure = Failure(Code.UNAVAILABLE, "the store is slow; it may be stored later, sending it again is safe")
        except FlowtrailError as error:
            failure = answers.failure_of(error)
        except Exception:  # noqa: BLE001 the sender is always answered
            _log.exception("an OTLP request failed")
            failure = Failure(Code.UNAVAILABLE, "the collector failed at this request; its log says more")
        trailers = [("grpc-status-details-bin", answers.status(failure, json=False))]
        if failure.passing:
            trailers.append(("google.rpc.retryinfo-bin", answers.retry_info()))
        context.set_trailing_metadata(tuple(trailers))
        context.set_code(_CODES[failure.code.grpc])
        context.set_details(failure.message)
        return b""

    def _drop(self, message: bytes, context: grpc.ServicerContext) -> bytes:  # noqa: ARG002 the signature of every handler
        return answers.success(Outcome(message="flowtrail keeps traces only; this was read and dropped"), json=False)

    def _plain(self, message: bytes) -> bytes:
        """Return the message decompressed; one that is not compressed never begins like gzip."""
        body = Body("gzip" if message.startswith(_GZIP) else "", self._limit)
        body.add(message)
        return body.whole()
