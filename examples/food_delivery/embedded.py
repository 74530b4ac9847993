"""What flowtrail's embedded broker needs of its clients. With a real Kafka nothing of this is used.

The embedded broker holds a group settled as soon as its leader has synced, and refuses members that sync after it with
INVALID_REQUEST, where Kafka would answer them. So the leader takes its time over the assignment, and the others are
first.
"""

from __future__ import annotations

from time import sleep
from typing import Any

from kafka.coordinator.assignors.range import RangePartitionAssignor

OTHERS_FIRST = 0.3
"""Seconds that the leader waits for the others."""


class PatientAssignor(RangePartitionAssignor):  # type: ignore[misc]  # kafka-python has no types
    """Kafka's default assignment, made a moment later."""

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """Assign partitions to members, as the group's leader does."""
        sleep(OTHERS_FIRST)
        return super().assign(cluster, members)


MEMBERSHIP = {
    "session_timeout_ms": 3000,
    "heartbeat_interval_ms": 250,
    "partition_assignment_strategy": [PatientAssignor],
}
