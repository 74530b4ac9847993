"""What many histories begin with: some orders, a member of a group, and records handled one after the other."""

from __future__ import annotations

from typing import Any


def orders_of(world: Any, count: int, first: int = 0, keys: Any = None, **more: Any) -> list[Any]:
    """Publish some orders to orders:0, one after the other, and close the shop in order; `keys` gives each its key."""
    shop = world.service("shop")
    if keys is not None:
        sent = [shop.send("orders", 0, first + n, key=keys(n), **more) for n in range(count)]
    else:
        sent = [shop.send("orders", 0, first + n, **more) for n in range(count)]
    shop.close()
    return sent


def member_of(world: Any, group: str = "payment", at: int = 0, service: str | None = None, **more: Any) -> Any:
    """Start a member of a group, which is assigned orders:0."""
    member = world.service(service or group, group=group, **more)
    member.assign("orders", 0, at)
    return member


def handle(member: Any, *sent: Any, commit: bool = True, poll: bool = True, **more: Any) -> None:
    """Be handed some orders in one poll, handle them one after the other, commit behind the last."""
    if poll:
        member.receive("orders", 0, sent[0].offset, sent[-1].offset)
    for order in sent:
        member.process(order, **more)
    if commit:
        member.commit("orders", 0, sent[-1].offset + 1)
