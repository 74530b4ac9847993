"""The numbers of RFC 4737 against their definitions, read word by word."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from flowtrail_collector.questions.reordering import culprits, late

LINES = st.lists(st.integers(-(2**40), 2**40), unique=True, max_size=9)
LONGER = st.permutations(range(60))


def defined(numbers: list[int]) -> list[tuple[int, int, int]]:
    """Return place, extent and n of every reordered event, each looked for as the definition says it."""
    told = []
    expected = None
    for place, number in enumerate(numbers):
        if expected is None or number >= expected:
            expected = number + 1
            continue
        first = min(before for before in range(place) if numbers[before] > number)
        n = 0
        while n < place and numbers[place - n - 1] > number:
            n += 1
        told.append((place, place - first, n))
    return told


def smallest(numbers: list[int]) -> list[tuple[int, ...]]:
    """Return every smallest set of places whose removal leaves ascending numbers."""
    for size in range(len(numbers) + 1):
        found = [
            moved
            for moved in combinations(range(len(numbers)), size)
            if (rest := [number for place, number in enumerate(numbers) if place not in moved]) == sorted(rest)
        ]
        if found:
            return found
    raise AssertionError


def test_one_early_event_makes_others_late() -> None:
    """1,2,7,3,4,5,6,8: four are late, and one has to move."""
    numbers = [1, 2, 7, 3, 4, 5, 6, 8]
    assert [(one.place, one.extent, one.n) for one in late(numbers)] == [(3, 1, 1), (4, 2, 0), (5, 3, 0), (6, 4, 0)]
    assert list(culprits(numbers)) == [2]


def test_one_late_event_is_its_own_culprit() -> None:
    """1,3,4,5,2: it is 3-reordered with an extent of 3."""
    numbers = [1, 3, 4, 5, 2]
    assert [(one.place, one.extent, one.n) for one in late(numbers)] == [(4, 3, 3)]
    assert list(culprits(numbers)) == [4]


def test_of_two_that_changed_places_the_second_to_arrive_is_named() -> None:
    """Either could move."""
    assert list(culprits([2, 1])) == [1]
    assert list(culprits([3, 4, 1, 2])) == [2, 3]


def test_nothing_and_one() -> None:
    """A line of none or one is in order."""
    assert [*late([]), *culprits([]), *late([5]), *culprits([5])] == []


@given(st.one_of(LINES, LONGER.map(list)))
def test_late_events_are_those_of_the_definition(numbers: list[int]) -> None:
    """Place, extent and n, and the earliest that overtook."""
    found = list(late(numbers))
    assert [(one.place, one.extent, one.n) for one in found] == defined(numbers)
    assert all(numbers[one.overtaken_by] > numbers[one.place] for one in found)


@given(LINES)
def test_culprits_are_the_smallest_set_that_arrived_latest(numbers: list[int]) -> None:
    """Every smallest set is tried; each member of the one named arrived no earlier than that of any other set."""
    found = tuple(culprits(numbers))
    sets = smallest(numbers)
    assert found in sets
    assert all(mine >= other for one in sets for mine, other in zip(found, one, strict=True))


@given(LINES, LINES)
def test_what_nobody_overtook_parts_a_line(first: list[int], second: list[int]) -> None:
    """Where all that follows is larger than all before, both sides are judged by themselves."""
    above = max(first, default=0) - min(second, default=0) + 1
    moved = [number + above for number in second]
    whole = first + moved
    own = [(one.place, one.extent, one.n) for one in late(first)]
    others = [(one.place + len(first), one.extent, one.n) for one in late(moved)]
    assert [(one.place, one.extent, one.n) for one in late(whole)] == own + others
    assert list(culprits(whole)) == [*culprits(first), *(place + len(first) for place in culprits(moved))]
