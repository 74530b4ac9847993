"""What a service embeds: stamps messages and records what became of them.

Names under the package that begin with an underscore are not for others.
"""

from flowtrail_tracer._api import configure, flow, flush, instrument, process, shutdown, trace, uninstrument
from flowtrail_tracer._core.settings import HeaderNames
from flowtrail_tracer._version import __version__

__all__ = [
    "HeaderNames",
    "__version__",
    "configure",
    "flow",
    "flush",
    "instrument",
    "process",
    "shutdown",
    "trace",
    "uninstrument",
]
