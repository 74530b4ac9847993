"""Resources: who sent the spans. Few per request, so one by one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson
import pyarrow as pa

from flowtrail_collector.normalise.attributes import Attributes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS: Final = {"service": "service.name", "instance": "service.instance.id", "host": "host.name"}
_63_BITS: Final = 2**63 - 1


class Resources:
    """The resources of some requests."""

    def __init__(self, resources: pa.StructArray) -> None:
        """Take the `resource` fields of resource spans, as `receive.decode` makes them."""
        attributes = Attributes(resources.field("attributes"))
        count = len(attributes.owners)
        rest, _ = attributes.rest(np.zeros(count, bool))
        listed = [None] * attributes.count if rest is None else rest.to_pylist()
        self._maps = [dict(entries or ()) for entries in listed]
        self.ids = [resource_id(entries) for entries in self._maps]

    def columns(self, resource_of: NDArray[np.intp]) -> dict[str, pa.Array]:
        """Return the columns that resources give to spans; `resource_of[i]` is the place of span i's resource."""
        taken = pa.array(resource_of)
        columns = {"resource_id": pa.array(self.ids, pa.int64()).take(taken)}
        for column, name in _COLUMNS.items():
            told = [entries.get(name) or None for entries in self._maps]
            if any(told):
                columns[column] = pa.array(told, pa.string()).take(taken)
        return columns

    def table(self) -> pa.Table:
        """Return the distinct resources as rows of `resource_rows`."""
        distinct = dict(zip(self.ids, self._maps, strict=True))
        maps = pa.array([list(entries.items()) for entries in distinct.values()], pa.map_(pa.string(), pa.string()))
        return pa.table({"resource_id": pa.array(distinct, pa.int64()), "attributes": maps})


def resource_id(attributes: dict[str, str]) -> int:
    """Return the 63-bit digest by which a resource is known, whatever the order of its attributes."""
    told = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest()) & _63_BITS
