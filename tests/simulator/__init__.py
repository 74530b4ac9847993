"""Worlds that know what truly happened, what flowtrail says of them, and the difference.

`script` draws a world from a seed; `world` plays it, keeps the facts and emits the spans that services would have sent;
`truth` says from the facts alone what verdicts must be given; `telemetry` loses, delays and repeats spans; `judge` asks
the product and compares; `shrink` finds the smallest world that still shows a difference; `story` prints it.
"""
