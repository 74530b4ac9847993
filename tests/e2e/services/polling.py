"""A consumer that polls and states outcomes; it says what it was assigned and what it handled, until it is to end.

A failed message is left behind. It commits after each batch if told so (`commit_until`: only that many messages);
otherwise auto-commit does, or nobody.
"""

from typing import Any

from handling import RefusedError, handle, note
from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.errors import CommitFailedError
from telling import arguments, ending, say

from flowtrail_tracer import configure, flush, process, trace


class Told(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Says what is assigned."""

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Say nothing."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Say what this member owns from now on."""
        say(assigned=sorted(place.partition for place in assigned))


def commit(consumer: KafkaConsumer) -> None:
    """Commit, or say that the group has gone on without this member."""
    try:
        consumer.commit()
    except CommitFailedError:
        say(refused=True)


def main() -> None:
    """Handle batches until told to end."""
    told = arguments()
    configure(service=told["service"])
    consumer = trace(
        KafkaConsumer(
            bootstrap_servers=told["bootstrap"],
            group_id=told["group"],
            auto_offset_reset="earliest",
            **told.get("config", {}),
        )
    )
    consumer.partitions_for_topic(told["topic"])  # who joins before it knows them may be assigned none, for good
    consumer.subscribe([told["topic"]], listener=Told())
    ended = ending()
    count = 0
    while not ended.is_set():
        batches = consumer.poll(200)
        for messages in batches.values():
            for message in messages:
                outcome = "ok"
                try:
                    with process(message):
                        handle(message, told, ended)
                except RefusedError:
                    outcome = "failed"
                note(message, told, outcome)
                count += 1
        if batches and told.get("commit") and count <= told.get("commit_until", count):
            commit(consumer)
        if batches:
            if told.get("flush"):
                flush(60)
            say(handled=count)
    consumer.close()
    flush(60)


if __name__ == "__main__":
    main()
