"""The collector: receives spans, stores them, reads the broker, and answers questions."""
