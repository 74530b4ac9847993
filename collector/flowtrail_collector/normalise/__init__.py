"""Turns mixed vocabularies into canonical columns (docs/attributes.md has the table)."""

from flowtrail_collector.normalise.spans import Normalised, normalise
from flowtrail_collector.normalise.validate import Problems

__all__ = ["Normalised", "Problems", "normalise"]
