"""From records to OTLP at the collector: queue, worker, encoding, transport."""
