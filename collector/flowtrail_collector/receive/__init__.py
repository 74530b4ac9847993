"""Receives OTLP: limits, decoding to columns, answers to the sender."""
