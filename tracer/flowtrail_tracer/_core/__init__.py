"""What the tracer records, said without naming any client library."""
