"""A producer that is told what to send; transactional if its configuration names a transactional id."""

from typing import Any

from kafka.errors import KafkaError
from telling import arguments, heard, say

from flowtrail_tracer import configure, flow, flush, trace
from kafka import KafkaProducer


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
    try:
        metadata = future.get(timeout=60)
    except KafkaError as error:
        return {"error": type(error).__name__}
    return {"partition": metadata.partition, "offset": metadata.offset}


def send_many(producer: KafkaProducer, word: dict[str, Any]) -> dict[str, Any]:
    """Send numbered messages over all partitions, then wait for all of them."""
    first, count = word["first"], word["count"]
    futures = [
        send(producer, {**word, "id": f"{word['id']}-{number}", "key": f"key-{number % 100}"})
        for number in range(first, first + count)
    ]
    return {"failed": sum("error" in answered(future) for future in futures)}


def main() -> None:
    """Do what is told, until there is nothing more."""
    told = arguments()
    configure(service=told.get("service", "orders"))
    config = told.get("config", {})
    producer = trace(KafkaProducer(bootstrap_servers=told["bootstrap"], **config))
    if "transactional_id" in config:
        producer.init_transactions()
    say(ready=True)
    pending = None
    for word in heard():
        result: dict[str, Any] = {}
        match word["do"]:
            case "send":
                result = answered(send(producer, word))
            case "post":
                pending = send(producer, word)
            case "answer":
                result = answered(pending)
            case "send_many":
                result = send_many(producer, word)
            case "begin":
                producer.begin_transaction()
            case "commit":
                producer.commit_transaction()
            case "abort":
                producer.abort_transaction()
            case "close":
                producer.close(timeout=word.get("timeout"))
        if word.get("flush", True):
            flush(60)
        say(**{word["do"]: True}, **result)
    producer.close()
    flush(60)


if __name__ == "__main__":
    main()
