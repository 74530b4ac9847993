"""What OTLP senders are answered: the response with its partial success, and errors as google.rpc.Status.

The Status messages are described here because no dependency of ours ships them; field numbers as in google/rpc.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import orjson
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, message_factory
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from flowtrail_collector.errors import SourceUnavailable
from flowtrail_collector.receive.compression import TooLarge

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from flowtrail_collector.receive.intake import Outcome

RETRY_AFTER_S: Final = 1
_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"


class Code(Enum):
    """A kind of failure, as HTTP and gRPC number it (google.rpc.Code)."""

    INVALID = (400, 3)
    TOO_LARGE = (413, 8)
    UNAVAILABLE = (503, 14)
    NOT_FOUND = (404, 12)
    METHOD = (405, 12)
    MEDIA_TYPE = (415, 3)
    SLOW = (408, 4)

    @property
    def http(self) -> int:
        """Return the HTTP status."""
        return self.value[0]

    @property
    def grpc(self) -> int:
        """Return the gRPC status code."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Failure(Exception):
    """An error as the sender is told it."""

    code: Code
    message: str

    @property
    def passing(self) -> bool:
        """Tell whether the sender is to try again."""
        return self.code is Code.UNAVAILABLE


def failure_of(error: BaseException) -> Failure:
    """Return what to answer to an error: try again where that may help, and nowhere else."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, TooLarge):
        return Failure(Code.TOO_LARGE, str(error))
    if isinstance(error, SourceUnavailable):
        return Failure(Code.UNAVAILABLE, str(error))
    return Failure(Code.INVALID, str(error) or type(error).__name__)


def success(outcome: Outcome, *, json: bool) -> bytes:
    """Return an ExportTraceServiceResponse; partial_success is set only where there is something to say."""
    if json:
        if not outcome.message:
            return b"{}"
        partial = {"rejectedSpans": str(outcome.rejected), "errorMessage": outcome.message}
        return orjson.dumps({"partialSuccess": partial})
    response = ExportTraceServiceResponse()
    if outcome.message:
        response.partial_success.rejected_spans = outcome.rejected
        response.partial_success.error_message = outcome.message
    return response.SerializeToString()


def status(failure: Failure, *, json: bool) -> bytes:
    """Return the google.rpc.Status of a failure."""
    if json:
        return orjson.dumps({"code": failure.code.grpc, "message": failure.message})
    told: Any = _message("Status")()
    told.code = failure.code.grpc
    told.message = failure.message
    if failure.passing:
        detail = told.details.add()
        detail.type_url, detail.value = _RETRY_INFO, retry_info()
    return bytes(told.SerializeToString())


@cache
def retry_info() -> bytes:
    """Return the google.rpc.RetryInfo that asks to come back in a moment."""
    told: Any = _message("RetryInfo")()
    told.retry_delay.seconds = RETRY_AFTER_S
    return bytes(told.SerializeToString())


@cache
def _message(name: str) -> type[Message]:
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="flowtrail/rpc.proto", package="flowtrail.rpc", syntax="proto3")
    file.dependency.extend(["google/protobuf/any.proto", "google/protobuf/duration.proto"])
    told = file.message_type.add(name="Status")
    told.field.add(name="code", number=1, type=field.TYPE_INT32, label=field.LABEL_OPTIONAL)
    told.field.add(name="message", number=2, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    kind = ".google.protobuf.Any"
    told.field.add(name="details", number=3, type=field.TYPE_MESSAGE, type_name=kind, label=field.LABEL_REPEATED)
    info = file.message_type.add(name="RetryInfo")
    kind = ".google.protobuf.Duration"
    info.field.add(name="retry_delay", number=1, type=field.TYPE_MESSAGE, type_name=kind, label=field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    for needed in (any_pb2.DESCRIPTOR, duration_pb2.DESCRIPTOR):
        pool.AddSerializedFile(needed.serialized_pb)
    pool.Add(file)
    found: Any = pool.FindMessageTypeByName(f"flowtrail.rpc.{name}")
    return message_factory.GetMessageClass(found)
