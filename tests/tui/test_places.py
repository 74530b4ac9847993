"""The way a person took through the views, and how keys lead along it."""

from flowtrail_tui.places import Place, Places
from tests.tui.pilot import running


def test_back_and_forward_give_each_place_as_it_was_left() -> None:
    """What a view was about when it was left is what it is about when one comes back."""
    places = Places(Place("flows", ""))
    places.go(Place("lag"), left="group:billing")
    places.go(Place("ask", "ord-1"), left="")
    assert places.back(left="ord-1") == Place("lag", "")
    assert places.back(left="topic:orders") == Place("flows", "group:billing")
    assert places.back(left="") is None
    assert places.forward(left="group:billing") == Place("lag", "topic:orders")
    assert places.forward(left="topic:orders") == Place("ask", "ord-1")
    assert places.forward(left="ord-1") is None


def test_going_elsewhere_forgets_what_lay_ahead() -> None:
    """After going back and then elsewhere, forward leads nowhere."""
    places = Places(Place("flows"))
    places.go(Place("lag"), left=None)
    places.back(left=None)
    places.go(Place("ask", "ord-1"), left=None)
    assert places.forward(left=None) is None
    assert places.back(left="ord-1") == Place("flows")


async def test_keys_lead_back_and_forward() -> None:
    """`[` and `]` go along the places, whatever view they are in."""
    async with running() as ft:
        await ft.press("enter")
        assert "ord-88213" in ft.lines()[0]
        await ft.press("2")
        assert "Lag" in ft.lines()[0]
        await ft.press("left_square_bracket")
        assert "ord-88213" in ft.lines()[0]
        await ft.press("left_square_bracket")
        assert "▸ Flows" in ft.lines()[0]
        await ft.press("left_square_bracket")
        assert "where you began" in ft.lines()[-1]
        await ft.press("right_square_bracket", "right_square_bracket")
        assert "Lag" in ft.lines()[0]


async def test_escape_leads_back_from_what_a_row_opened_and_no_further() -> None:
    """A view that a key shows stays: escape only undoes opening."""
    async with running() as ft:
        await ft.press("2", "colon")
        await ft.type("ord-88213")
        await ft.press("enter")
        assert "ord-88213" in ft.lines()[0]
        await ft.press("escape")
        assert "▸ Lag" in ft.lines()[0]
        await ft.press("escape")
        assert "▸ Lag" in ft.lines()[0]
