"""A small food-delivery system on Kafka, traced with flowtrail: the tutorial, and what `flowtrail demo` runs."""
