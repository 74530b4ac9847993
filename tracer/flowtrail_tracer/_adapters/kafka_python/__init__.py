"""kafka-python (2.0.2, 2.3 and 3): producers and consumers, traced in place through hooks on its classes."""

from typing import Final

from flowtrail_tracer._adapters.kafka_python.adapter import KafkaPythonAdapter

ADAPTER: Final = KafkaPythonAdapter()
