"""What the broker watcher would have sampled, as the product's own sampling writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrail_collector.broker.sample import Place, Reach, Sample, Topic
from tests.histories.world import MS, START_NS

if TYPE_CHECKING:
    from tests.simulator.world import World

CLUSTER = None


def sampled(world: World) -> Sample:
    """Return what the broker says now; the collector's clock is the true one."""
    partitions = {}
    for log, broker in world.brokers.items():
        partitions[Place(log.destination, log.partition)] = Reach(
            f"{log.destination}-{log.incarnation}", broker.start, broker.end, broker.stable_end
        )
    positions: dict[tuple[str, Place], int | None] = {
        (group.name, Place(log.destination, log.partition)): position
        for group in world.groups.all
        for log, position in group.committed.items()
        if world.present(log)
    }
    order = world.order()
    for group in world.groups.all:
        world.facts.sampled.update({(group.name, log): (order, at) for log, at in group.committed.items()})
    topics = {
        log.destination: Topic("compact" if log.destination in world.facts.compacting else "delete", None)
        for log in world.brokers
    }
    return Sample(START_NS + int(world.now * MS), CLUSTER, partitions, positions, {}, topics)
