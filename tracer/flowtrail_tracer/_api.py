"""The public face: configure, trace, flow, process, instrument, flush, shutdown."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from opentelemetry.context import Context, attach, get_current

from flowtrail_tracer import _adapters
from flowtrail_tracer._core import lifecycle
from flowtrail_tracer._core.context import FLOW, Flow, current_flow, current_processing
from flowtrail_tracer._core.faults import fault
from flowtrail_tracer._core.resource import describe_process
from flowtrail_tracer._core.runtime import RUNTIME
from flowtrail_tracer._core.settings import (
    GRPC,
    HeaderNames,
    Settings,
    disabled_by_environment,
    export_settings,
)
from flowtrail_tracer._pipeline.exporters import SCOPE, OtlpExporter, SdkExporter
from flowtrail_tracer._pipeline.http import HttpTransport
from flowtrail_tracer._pipeline.queue import QueueSink
from flowtrail_tracer._pipeline.transport import Transport
from flowtrail_tracer._version import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from flowtrail_tracer._core.consuming import Processing
    from flowtrail_tracer._core.settings import Export

ClientT = TypeVar("ClientT")
MessageT = TypeVar("MessageT")


def configure(
    *,
    service: str | None = None,
    endpoint: str | None = None,
    protocol: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    compression: str | None = None,
    certificate: str | None = None,
    insecure: bool | None = None,
    provider: "TracerProvider | None" = None,
    header_names: HeaderNames | Mapping[str, str] | None = None,
    cloudevents: bool = False,
    key_hmac: bytes | str | None = None,
    payload_digest: bool = False,
    handle_sigterm: bool = True,
) -> None:
    """Say who this service is and where its spans go; called once, before clients are used.

    `service` is the service's name. `endpoint`, `protocol` ("http/protobuf" or "grpc"), `headers`, `timeout`
    (seconds), `compression` ("gzip" or "none"), `certificate` (a file) and `insecure` describe the OTLP receiver;
    what is not given comes from the OTEL_* variables, then from OpenTelemetry's defaults. With `provider`, spans go
    through that TracerProvider instead. `header_names` renames stamped headers, `cloudevents` stamps ce_* headers,
    `key_hmac` records keys as HMAC-SHA256 under that secret, `payload_digest` records a SHA-256 of payloads.
    `handle_sigterm=False` leaves SIGTERM alone.

    Raises ValueError for an option that is not understood, ImportError where grpc is asked for and not installed.
    Calling it again replaces the former configuration; what was recorded until then is delivered first.
    """
    if isinstance(key_hmac, str):
        key_hmac = key_hmac.encode()
    if header_names is not None and not isinstance(header_names, HeaderNames):
        try:
            header_names = HeaderNames(**header_names)
        except TypeError as error:
            known = ", ".join(HeaderNames.__dataclass_fields__)
            raise ValueError(f"header_names: {error}; known are {known}") from None
    settings = Settings(
        service=service,
        disabled=disabled_by_environment(),
        headers=header_names or HeaderNames(),
        cloudevents=cloudevents,
        key_hmac=key_hmac,
        payload_digest=payload_digest,
    )
    if settings.disabled:
        _replace(settings, None, None)
        return
    instance_id = RUNTIME.ids.instance_id()
    if provider is not None:
        tracer = provider.get_tracer(SCOPE, __version__)
        sink = QueueSink(SdkExporter(tracer, instance_id), RUNTIME.ids, on_start=lifecycle.watch_multiprocessing)
        _replace(settings, sink, tracer)
    else:
        export = export_settings(endpoint, protocol, headers, timeout, compression, certificate, insecure)
        resource = describe_process(service, instance_id)
        if service is None:
            settings = Settings(**{**vars(settings), "service": str(resource.get("service.name"))})
        exporter = OtlpExporter(_transport(export), resource, __version__)
        sink = QueueSink(exporter, RUNTIME.ids, timeout=export.timeout, on_start=lifecycle.watch_multiprocessing)
        _replace(settings, sink, None)
    if handle_sigterm:
        lifecycle.watch_sigterm()


def _transport(export: "Export") -> Transport:
    if export.protocol != GRPC:
        return HttpTransport(export, __version__)
    try:
        from flowtrail_tracer._pipeline.grpc import GrpcTransport

        return GrpcTransport(export, __version__)
    except ImportError as error:
        raise ImportError("OTLP over gRPC needs grpcio: pip install 'flowtrail-tracer[grpc]'") from error


def _replace(settings: Settings, sink: QueueSink | None, tracer: object) -> None:
    former = RUNTIME.use(settings, sink, tracer)  # type: ignore[arg-type]
    if former is not None:
        former.shutdown(lifecycle.EXIT_TIMEOUT)


def _ensure_configured() -> None:
    """Configure from the environment alone, if nobody has configured yet."""
    if not RUNTIME.configured:
        try:
            configure()
        except Exception:  # noqa: BLE001 - a wrong variable must not break the application
            RUNTIME.configured = True
            fault("configuration from the environment")


def trace(client: ClientT) -> ClientT:
    """Record what `client` sends and receives; returns the same object, which behaves as before.

    Called again for the same client, it changes nothing. Raises TypeError for anything that is not a supported
    client, naming what is.
    """
    adapter = _adapters.for_client(client)
    if adapter is None:
        kind = f"{type(client).__module__}.{type(client).__qualname__}"
        raise TypeError(f"trace() takes {_adapters.supported()}; got {kind}")
    _ensure_configured()
    try:
        adapter.attach(client)
    except Exception:  # noqa: BLE001 - an untraced client is better than none
        fault("trace")
    return client


def instrument() -> None:
    """Record what every client of every installed supported library does, without a call per client."""
    _ensure_configured()
    try:
        for adapter in _adapters.installed():
            adapter.install()
    except Exception:  # noqa: BLE001 - the application starts all the same
        fault("instrument")


def uninstrument() -> None:
    """Undo `instrument()`; clients given to `trace()` stay traced."""
    try:
        for adapter in _adapters.installed():
            adapter.uninstall()
    except Exception:  # noqa: BLE001 - likewise
        fault("uninstrument")


class flow:  # noqa: N801 - reads as a verb in a with statement
    """Start or join a flow: `with flow("order-42"): ...`; also a decorator of functions.

    What is sent within carries the correlation id. Without one, the enclosing flow or message's is joined, and where
    there is none a new flow begins. The with statement gives the correlation id.
    """

    def __init__(self, correlation_id: str | None = None) -> None:
        self._given = correlation_id if correlation_id is None or type(correlation_id) is str else str(correlation_id)
        self._contexts: list[tuple[Context, Context]] = []

    def __enter__(self) -> str:
        identifier = self._given
        try:
            outer = get_current()
            found = self._flow(outer)
            identifier = found.correlation_id
            inner = Context({**outer, FLOW: found})
            self._contexts.append((outer, inner))
            attach(inner)
        except Exception:  # noqa: BLE001 - the body runs all the same
            fault("flow")
        return identifier or ""

    def _flow(self, context: Context) -> Flow:
        given = self._given
        ids = RUNTIME.ids
        enclosing = current_flow(context)
        if given is None and enclosing is not None:
            return enclosing
        if given is None:
            processing = current_processing(context)
            known = processing.known if processing is not None else None
            given = (known.text("correlation_id") or known.text("message_id")) if known is not None else None
        text = given if given is not None else ids.message_id(RUNTIME.now())
        return Flow(text.encode("utf-8", "replace").decode(), ids.trace_id())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            outer, inner = self._contexts.pop()
            if get_current() is inner:
                attach(outer)
        except Exception:  # noqa: BLE001 - the body's outcome stands
            fault("flow")

    def __call__(self, function: Callable[..., MessageT]) -> Callable[..., MessageT]:
        """Run every call of `function` in the flow."""
        import functools

        @functools.wraps(function)
        def within(*args: object, **kwargs: object) -> MessageT:
            with type(self)(self._given):
                return function(*args, **kwargs)

        return within


class process(Generic[MessageT]):  # noqa: N801 - reads as a verb in a with statement
    """Process one message with an explicit outcome: `with process(message): ...`.

    What the body sends is caused by the message. A body that raises makes the processing failed; the exception goes
    on untouched. Inside an iteration it states the outcome of that iteration's processing. The with statement gives
    the message. A message of no traced client is processed all the same, unrecorded.
    """

    def __init__(self, message: MessageT) -> None:
        self._message = message
        self._processing: Processing | None = None

    def __enter__(self) -> MessageT:
        try:
            if RUNTIME.enabled:
                self._processing = _adapters.begin_processing(self._message)
        except Exception:  # noqa: BLE001 - the body runs all the same
            fault("process")
        return self._message

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        processing, self._processing = self._processing, None
        try:
            if processing is not None:
                processing.finish(error)
        except Exception:  # noqa: BLE001 - the body's outcome stands
            fault("process")


def flush(timeout: float = 5.0) -> bool:
    """Deliver what was recorded so far; return False where that took more than `timeout` seconds."""
    try:
        for client in list(RUNTIME.clients):
            client.seal()
        sink = RUNTIME.sink
        return True if sink is None else sink.flush(timeout)
    except Exception:  # noqa: BLE001 - telemetry never raises
        fault("flush")
        return False


def shutdown(timeout: float = 2.0) -> bool:
    """Record open publications as in doubt, deliver, and stop recording; return whether all was delivered."""
    try:
        return lifecycle.finish(timeout)
    except Exception:  # noqa: BLE001 - likewise
        fault("shutdown")
        return False
