"""Who is speaking: the OpenTelemetry resource of this process start."""

import os
import socket
from collections.abc import Mapping

from opentelemetry.sdk.resources import Resource

from flowtrail_tracer import attributes as names


def describe_process(service: str | None, instance_id: str) -> Mapping[str, object]:
    """Return the resource: what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say, host, process, and the instance.

    `service` wins over the environment. The instance id is always that of this process start: numbering restarts with
    it. An id given from outside (a pod's name, say) is kept in front of it.
    """
    given = dict(Resource.create({names.SERVICE_NAME: service} if service else {}).attributes)
    outside = given.get(names.SERVICE_INSTANCE_ID)
    configured = "service.instance.id" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return {
        names.HOST_NAME: socket.gethostname(),
        "process.pid": os.getpid(),
        **given,
        names.SERVICE_INSTANCE_ID: f"{outside}/{instance_id}" if configured and outside else instance_id,
    }
