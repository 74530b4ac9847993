"""A producer that is told what to send; transactional if its configuration names a transactional id."""

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError
from telling import arguments, heard, say

from flowtrail_tracer import configure, flow, flush, trace

TOLD = ("id", "topic", "key")
"""What is said of a message beside what became of it."""


def send(producer: KafkaProducer, word: dict[str, Any]) -> Any:
    """Send one message in its flow, under its own id if it has one."""
    headers = [("message-id", word["id"].encode())] if "id" in word else []
    headers += [(name, text.encode("latin-1")) for name, text in word.get("headers", {}).items()]
    value = word.get("value", "hello")
    with flow(word.get("flow")):
        return producer.send(
            word["topic"],
            value=None if value is None else value.encode() * word.get("times", 1),
            key=word["key"].encode() if "key" in word else None,
            partition=word.get("partition"),
            headers=headers,
        )


def answered(future: Any) -> dict[str, Any]:
    """Wait for the broker's answer."""
    metadata = future.get(timeout=60)
    return {"partition": metadata.partition, "offset": metadata.offset}


def send_many(producer: KafkaProducer, word: dict[str, Any]) -> dict[str, Any]:
    """Send numbered messages over all partitions, then wait for all of them."""
    first, count = word["first"], word["count"]
    futures = [
        send(producer, {**word, "id": f"{word['id']}-{number}", "key": f"key-{number % 100}"})
        for number in range(first, first + count)
    ]
    for future in futures:
        answered(future)
    return {"count": count}


def outcome(future: Any) -> dict[str, Any]:
    """Wait for what becomes of one send."""
    try:
        return answered(future)
    except KafkaError as error:
        return {"error": type(error).__name__}


class Acting:
    """Does one thing at a time with a producer."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer
        self._posted: list[tuple[dict[str, Any], Any]] = []

    def __call__(self, word: dict[str, Any]) -> dict[str, Any]:
        """Do what the word says; a refusal is told by its name."""
        try:
            return self._do(word)
        except KafkaError as error:
            return {"error": type(error).__name__}

    def _do(self, word: dict[str, Any]) -> dict[str, Any]:
        producer = self._producer
        match word["do"]:
            case "send":
                return answered(send(producer, word))
            case "post":
                self._posted.append((word, send(producer, word)))
            case "answer":
                return answered(self._posted.pop()[1])
            case "settle":
                posted, self._posted = self._posted, []
                return {"sent": [{name: word.get(name) for name in TOLD} | outcome(future) for word, future in posted]}
            case "send_many":
                return send_many(producer, word)
            case "begin":
                producer.begin_transaction()
            case "commit":
                producer.commit_transaction()
            case "abort":
                producer.abort_transaction()
            case "close":
                producer.close(timeout=word.get("timeout"))
        return {}


def main() -> None:
    """Do what is told, until there is nothing more."""
    told = arguments()
    configure(service=told.get("service", "orders"))
    config = told.get("config", {})
    producer = trace(KafkaProducer(bootstrap_servers=told["bootstrap"], **config))
    if "transactional_id" in config:
        producer.init_transactions()
    say(ready=True)
    act = Acting(producer)
    for word in heard():
        result = act(word)
        if word.get("flush", True):
            flush(60)
        say(**{word["do"]: True}, **result)
    producer.close()
    flush(60)


if __name__ == "__main__":
    main()
