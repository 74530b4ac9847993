"""The broker's own word: end offsets, log starts, committed positions, members, sampled every few seconds."""

from flowtrail_collector.broker.kafka import KafkaBroker
from flowtrail_collector.broker.watcher import BrokerWatcher

__all__ = ["BrokerWatcher", "KafkaBroker"]
