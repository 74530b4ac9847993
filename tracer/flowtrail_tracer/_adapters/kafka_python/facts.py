"""What a kafka-python client tells about itself."""

from functools import partial
from typing import Any, Final

from flowtrail_tracer._core.facts import Facts

STATE: Final = "_flowtrail"
"""Name under which a traced object carries its state; in its own dictionary, so that it lives and dies with it."""


def facts_of(client: Any, cluster: Any) -> Facts:
    """Return system, client id, first bootstrap server, group, and the cluster's id once known."""
    config = client.config
    address, port = _first_server(config.get("bootstrap_servers"))
    return Facts(
        "kafka",
        client_id=_text(config.get("client_id")),
        address=address,
        port=port,
        group=_text(config.get("group_id")),
        cluster=partial(getattr, cluster, "cluster_id", None),
    )


def _text(value: object) -> str | None:
    return value if value is None or type(value) is str else str(value)


def _first_server(servers: object) -> tuple[str | None, int | None]:
    """Read `HOST[:PORT]`, `[IPV6]:PORT`, a comma-separated text, or a list of these."""
    if isinstance(servers, list | tuple):
        servers = servers[0] if servers else None
    if not isinstance(servers, str) or not servers:
        return None, None
    first = servers.split(",")[0].strip().rpartition("://")[2]
    if first.startswith("["):
        host, _, rest = first[1:].partition("]")
        port = rest.lstrip(":")
    elif first.count(":") == 1:
        host, _, port = first.partition(":")
    else:
        host, port = first, ""
    return host or None, int(port) if port.isdigit() else 9092
