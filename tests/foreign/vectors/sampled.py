"""Tracestates, as far as they tell of sampling."""

from tests.foreign.vectors.build import BY_HAND, CONSUMER, Vector, vector


def _state(trace_state: str, sampling: float | None) -> Vector:
    expected: dict[str, object] = {} if sampling is None else {"sampling": sampling}
    return vector(
        f"tracestate {trace_state}",
        BY_HAND,
        "process orders",
        CONSUMER,
        {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": "orders",
        },
        {"system": "kafka", "operation": "process", "destination": "orders", **expected},
        trace_state=trace_state,
    )


SAMPLED = [
    _state("ot=th:0", 1.0),
    _state("ot=th:8", 0.5),
    _state("ot=th:c0", 0.25),
    _state("ot=th:ffffffffffffff", 2.0**-56),
    _state("ot=rv:0123456789abcd;th:c", 0.25),
    _state("ot=th:c;rv:0123456789abcd", 0.25),
    _state("vendor=a:1, ot=th:8 ,other=th:0", 0.5),
    _state("ot=p:0;r:12", 1.0),
    _state("ot=r:12;p:3", 0.125),
    _state("ot=p:3;th:8", 0.5),
    _state("ot=p:63", None),
    _state("ot=p:62", 2.0**-62),
    _state("ot=rv:0123456789abcd", None),
    _state("ot=th:", None),
    _state("ot=th:C", None),
    _state("ot=th:123456789abcdef", None),
    _state("ot=xth:8", None),
    _state("not=th:8", None),
    _state("vendor=ot;th:8", None),
    _state("vendor=th:8", None),
]
