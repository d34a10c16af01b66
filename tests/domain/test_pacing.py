"""A limiter lets through what its rate allows, in every window, and never less than that for ever."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tyokyky_bridge.domain.pacing import Pacing

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROUNDING = 0.05
rates = st.floats(4, 6000)
costs = st.integers(1, 12)


@st.composite
def offers(draw):
    """Moments at which somebody wants to begin so many pieces of work, urgent or not."""
    steps = st.tuples(st.floats(0, 40), st.integers(1, 20), st.booleans())
    at, made = 0.0, []
    for wait_s, wanted, urgent in draw(st.lists(steps, max_size=40)):
        at += wait_s
        made.append((BEGIN + timedelta(seconds=at), wanted, urgent))
    return made


def played(pacing, cost, wanted, *, tat=None):
    """What was charged, and when, if everybody takes what there is room for."""
    charges = []
    for now, most, urgent in wanted:
        begun = min(most, pacing.room(tat, now, cost, urgent=urgent))
        if begun:
            tat = pacing.charged(tat, now, begun * cost)
            charges.append((now, begun * cost))
    return charges, tat


def most_in(charges, *, of=lambda seconds: 0.0):
    """By how much the charges of the worst window exceed what *of* says of its seconds."""
    return max(
        (
            sum(n for at, n in charges[first : last + 1])
            - of((charges[last][0] - charges[first][0]).total_seconds())
            for first in range(len(charges))
            for last in range(first, len(charges))
        ),
        default=0.0,
    )


@given(per_min=rates, cost=costs, wanted=offers())
def test_no_window_holds_more_than_the_rate_and_the_burst(per_min, cost, wanted):
    pacing = Pacing.below(per_min)
    charges, _ = played(pacing, cost, wanted)
    once = max(pacing.burst, cost)  # a piece of work that is greater than the burst still gets its turn
    assert most_in(charges, of=lambda seconds: pacing.per_s * seconds) <= once + ROUNDING


@given(per_min=st.floats(48, 6000), wanted=offers())
def test_no_minute_holds_more_than_a_partner_bears(per_min, wanted):
    charges, _ = played(Pacing.below(per_min), 4, wanted)
    for first in range(len(charges)):
        until = charges[first][0] + timedelta(minutes=1)
        assert sum(n for at, n in charges[first:] if at <= until) <= per_min


@given(per_min=st.floats(48, 6000), wanted=offers())
def test_ordinary_work_leaves_the_reserved_share_to_urgent_work(per_min, wanted):
    pacing = Pacing.below(per_min)
    ordinary = [(now, most, False) for now, most, _ in wanted]
    charges, tat = played(pacing, 4, ordinary)
    assert most_in(charges, of=lambda s: pacing.per_s * s) <= pacing.burst - pacing.reserved + ROUNDING
    now = charges[-1][0] if charges else BEGIN
    assert pacing.room(tat, now, 4, urgent=True) >= 1


@given(per_min=rates, cost=costs, wanted=offers(), urgent=st.booleans(), late_s=st.floats(0, 100))
def test_nobody_starves_and_the_moment_that_is_foretold_is_the_moment(per_min, cost, wanted, urgent, late_s):
    pacing = Pacing.below(per_min)
    charges, tat = played(pacing, cost, wanted)
    if not charges:
        return
    opens = pacing.opens_at(tat, cost, urgent=urgent)
    assert pacing.room(tat, opens + timedelta(seconds=late_s), cost, urgent=urgent) >= 1
    assert opens - charges[-1][0] <= timedelta(seconds=(pacing.burst + cost) / pacing.per_s + 0.001)
    shortly_before = opens - timedelta(seconds=0.1 / pacing.per_s)
    assert pacing.room(tat, shortly_before, cost, urgent=urgent) == 0


@given(per_min=rates, cost=costs, wanted=offers(), waits=st.tuples(st.floats(0, 200), st.floats(0, 200)))
def test_room_only_grows_with_time_and_is_never_less_for_urgent_work(per_min, cost, wanted, waits):
    pacing = Pacing.below(per_min)
    _, tat = played(pacing, cost, wanted)
    sooner, later = (BEGIN + timedelta(seconds=s) for s in sorted(waits))
    for urgent in (False, True):
        rooms = [pacing.room(tat, at, cost, urgent=urgent) for at in (sooner, later)]
        assert rooms == sorted(rooms)
    assert pacing.room(tat, later, cost, urgent=True) >= pacing.room(tat, later, cost)


@given(per_min=st.floats(48, 6000), begun=st.integers(1, 3))
def test_what_was_not_used_is_there_again_and_a_debt_is_earned_first(per_min, begun):
    pacing = Pacing.below(per_min)
    tat = pacing.charged(None, BEGIN, 4 * begun)
    assert pacing.room(pacing.given_back(tat, 4 * begun), BEGIN, 4) == pacing.room(None, BEGIN, 4)
    deep = pacing.charged(tat, BEGIN, pacing.burst + 10)
    after = BEGIN + timedelta(seconds=(10 + 4 * begun) / pacing.per_s - 1)
    assert pacing.room(deep, after, 4, urgent=True) == 0
    assert pacing.room(pacing.emptied(BEGIN), BEGIN, 1, urgent=True) == 0
