"""What the committed captures say, span by span, in canonical columns: data for any normaliser's tests.

`CAPTURED[name]` lists the messaging spans of `captures/<name>.jsonl`, in no order. Only COLUMNS are stated; those not
named are null. Captures made anew (`python -m tests.foreign.capture`) keep all of it, or something was learned.
"""

from collections.abc import Mapping

COLUMNS = (
    *("operation", "destination", "partition", "offset", "consumer_group", "message_id", "correlation_id"),
    *("message_key", "tombstone", "batch_count", "error_type"),
)

Row = dict[str, object]

JAVA_TOO_LARGE = "org.apache.kafka.common.errors.RecordTooLargeException"


def _rows(destination: str, *rows: Mapping[str, object]) -> list[Row]:
    return [{"destination": destination, **row} for row in rows]


def _java(name: str, *polls: Row, headers: bool) -> list[Row]:
    told = [{"message_id": f"m-{n}", "correlation_id": "flow-1"} if headers else {} for n in range(3)]
    dead = [{}, {}, {"tombstone": True}]
    places = [{"partition": 0, "offset": n, "message_key": f"key-{n}", **told[n], **dead[n]} for n in range(3)]
    return _rows(
        f"orders-{name}",
        *({"operation": "send", **place} for place in places),
        {"operation": "send", "error_type": JAVA_TOO_LARGE},
        *polls,
        *({"operation": "process", "consumer_group": "consume-group", **place} for place in places),
    )


_POLL: Row = {"operation": "receive", "consumer_group": "consume-group", "batch_count": 3}

CAPTURED: dict[str, list[Row]] = {
    "kafka-python": [
        *_rows("orders-kafka-python", *[{"operation": "send", "partition": 0}] * 3),
        *_rows("orders-kafka-python-missing", {"operation": "send", "error_type": "kafka.errors.KafkaTimeoutError"}),
        *_rows("orders-kafka-python", *[{"operation": "receive", "partition": 0}] * 3),
    ],
    "confluent-kafka": _rows(
        "orders-confluent-kafka",
        *[{"operation": "send"}] * 3,
        {"operation": "send", "error_type": "cimpl.KafkaException"},
        *({"operation": "process", "partition": 0, "offset": n} for n in range(3)),
        {"operation": "process"},
    ),
    "aiokafka": [
        *_rows(
            "orders-aiokafka",
            *({"operation": "send", "partition": 0, "message_key": f"key-{n}"} for n in range(3)),
            {"operation": "send", "partition": 0},
            *(
                {
                    "operation": "receive",
                    "partition": 0,
                    "offset": n,
                    "message_key": f"key-{n}",
                    "consumer_group": group,
                }
                for group in ("consume-group", "consume-batch-group")
                for n in range(3)
            ),
            {"operation": "receive", "partition": 0, "consumer_group": "consume-batch-group", "batch_count": 3},
        ),
        {"operation": "receive", "consumer_group": "consume-batch-group", "batch_count": 3},
    ],
    "java-agent": _java("java-agent", headers=False),
    "java-agent-receive": _java("java-agent-receive", _POLL, headers=True),
    "java-agent-latest-receive": _java("java-agent-latest-receive", {**_POLL, "partition": 0}, headers=True),
    "java-agent-dup-receive": _java("java-agent-dup-receive", {**_POLL, "partition": 0}, headers=True),
}
