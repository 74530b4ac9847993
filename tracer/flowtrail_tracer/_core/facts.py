"""What is known of one client and stands on all of its spans."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flowtrail_tracer import attributes as names
from flowtrail_tracer._core.span import AttributeValue, Fixed

if TYPE_CHECKING:
    from flowtrail_tracer._core.consuming import Processed


class Facts:
    """One client: its system, id, broker address, cluster and group; and the span templates made of them."""

    __slots__ = ("_templates", "address", "client_id", "cluster", "group", "port", "processed", "system")

    def __init__(
        self,
        system: str,
        *,
        client_id: str | None = None,
        address: str | None = None,
        port: int | None = None,
        group: str | None = None,
        cluster: Callable[[], object] = lambda: None,
    ) -> None:
        self.system = system
        self.client_id = client_id
        self.address = address
        self.port = port
        self.group = group
        self.cluster = cluster
        self.processed: Processed | None = None
        """The series of the processing that ended last."""
        self._templates: dict[tuple[object, ...], Fixed] = {}

    def template(
        self,
        kind: int,
        operation: str,
        name: str,
        destination: str | None,
        more: tuple[tuple[str, AttributeValue | None], ...] = (),
    ) -> Fixed:
        """Return the name, kind and constant attributes of spans for one operation on one destination.

        `operation` is the operation's type, `name` its name; the span is called `<name> <destination>`. Attributes
        in `more` that are None are left out. Templates are kept; the cluster id may become known later.
        """
        cluster = self.cluster()
        key = (operation, name, destination, cluster, more)
        found = self._templates.get(key)
        if found is None:
            found = self._templates[key] = self._make(kind, operation, name, destination, cluster, more)
        return found

    def _make(
        self,
        kind: int,
        operation: str,
        name: str,
        destination: str | None,
        cluster: object,
        more: tuple[tuple[str, AttributeValue | None], ...],
    ) -> Fixed:
        pairs: list[tuple[str, AttributeValue | None]] = [
            (names.SYSTEM, self.system),
            (names.OPERATION_TYPE, operation),
            (names.OPERATION_NAME, name),
            (names.DESTINATION, destination),
            (names.CONSUMER_GROUP, self.group),
            (names.CLIENT_ID, self.client_id),
            (names.SERVER_ADDRESS, self.address),
            (names.SERVER_PORT, self.port),
            (names.CLUSTER_ID, None if cluster is None else str(cluster)),
            *more,
        ]
        title = f"{name} {destination}" if destination else name
        return Fixed(title, kind, [(key, value) for key, value in pairs if value is not None])
