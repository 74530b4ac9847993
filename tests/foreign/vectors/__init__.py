"""What each instrumentation puts on a span, beside what it means in canonical columns: data for any normaliser's tests.

A vector's `expected` names every canonical column (COLUMNS) that is not null; the others must be null. `links` does the
same for each link of the span (LINK_COLUMNS), and is None where nothing is expected of them. Nothing here depends on
the collector; `Vector.request()` is an OTLP request as JSON, `otlp_json.from_json` makes protobuf of it.

Rules that the data follows where the conventions leave a choice:

- `operation_name` is what stands in `messaging.operation.name`, never made up.
- A place is only what was stated: -1 is none, neither in a partition nor in an offset.
- A link has its span's destination and partition where it states none of its own; never its offset.
- RabbitMQ's queue is who consumes as one, so it is the `consumer_group`; the exchange is the destination.
- Headers captured on a span of several messages belong to its links, one each; on a span of one message the last wins.
- An ERROR without any type is `_OTHER`, the conventions' fallback.
"""

from tests.foreign.vectors.build import COLUMNS, LINK_COLUMNS, Vector
from tests.foreign.vectors.headers import CAPTURED_HEADERS
from tests.foreign.vectors.ours import FLOWTRAIL
from tests.foreign.vectors.sampled import SAMPLED
from tests.foreign.vectors.seen import SEEN_ON_THE_WIRE
from tests.foreign.vectors.table import TABLE

__all__ = ["COLUMNS", "LINK_COLUMNS", "VECTORS", "Vector"]

VECTORS = [*SEEN_ON_THE_WIRE, *TABLE, *CAPTURED_HEADERS, *FLOWTRAIL, *SAMPLED]
