"""The example's services: where their code is, who runs how often, and who reads what."""

from __future__ import annotations

from pathlib import Path

from flowtrail_collector.errors import UsageError

PACKAGE = "food_delivery"
TOPICS = ("orders", "payments", "kitchen", "orders.dlq")
"""As in `food_delivery.settings`; a test holds the two equal."""
READERS = {
    "payment": ("orders",),
    "analytics": ("orders",),
    "restaurant": ("payments",),
    "notification": ("payments", "kitchen"),
}
"""Consumer group: topics."""
MEMBERS = ("orders-1", "payment-1", "payment-2", "restaurant-1", "restaurant-2", "notification-1", "analytics-1")


def code_directory() -> Path:
    """Find the directory that holds the example's package: beside the packages of a clone, or inside the wheel."""
    here = Path(__file__).resolve()
    for place in (here.parents[3] / "examples", here.parent):
        if (place / PACKAGE / "settings.py").is_file():
            return place
    raise UsageError("the code of the example (examples/food_delivery) is not installed; run the demo from a clone")
