"""Tests of the tracer; they run with any installed kafka-python from 2.0.2 on."""
