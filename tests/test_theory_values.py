"""The formulas the engines are held against give the published values, and agree with each other where they meet."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import integrate, stats

from tests import theory
from tests.cases import port, stage, unit
from tests.oracle import simulate
from tests.theory import Shift


def test_three_lanes_at_load_2_7():
    assert theory.erlang_delay(2.7, 3) == pytest.approx(0.817061, abs=5e-7)
    assert theory.mean_wait(2.7, 1, 3) == pytest.approx(2.723537, abs=5e-7)


def test_three_lanes_at_load_2():
    assert theory.mean_wait(2, 1, 3) == pytest.approx(0.444444, abs=5e-7)


def test_waits_of_one_lane_are_exponential_beyond_zero():
    """M/M/1 at load 0.5: half wait, and P(wait > t) = 0.5 exp(-0.5 t)."""
    assert theory.share_waiting_longer(0.5, 1, 1, 0) == pytest.approx(0.5)
    assert theory.share_waiting_longer(0.5, 1, 1, 2) == pytest.approx(0.5 * math.exp(-1))


def test_two_lanes_with_three_places():
    found = theory.finite_room(3, 4, 2, 3)
    assert found == pytest.approx([0.468007, 0.351005, 0.131627, 0.049360], abs=5e-7)


def test_impatient_units_of_one_lane():
    """Leaving at the rate of service, M/M/1+M is M/M/infinity: Poisson, and of load 1 a share 1/e leaves.

    Inside are 1 on average, busy is the lane for 1 - 1/e, so the mean queue is 1/e.
    """
    found = theory.impatient(1, 1, 1, 1, most=40)
    assert found[:3] == pytest.approx([math.exp(-1), math.exp(-1), math.exp(-1) / 2])
    assert sum(max(n - 1, 0) * share for n, share in enumerate(found)) == pytest.approx(math.exp(-1))


def test_two_classes_at_one_lane():
    waits = theory.priority_waits([0.2, 0.6], [1, 1], [1, 1])
    assert [wait + 1 for wait in waits] == pytest.approx([2.0, 6.0])


def test_classes_at_several_lanes_are_those_of_one_where_there_is_one():
    found = theory.priority_waits_at_lanes([0.2, 0.3, 0.25], 1.0, 1)
    assert found == pytest.approx(theory.priority_waits([0.2, 0.3, 0.25], [1, 1, 1], [1, 1, 1]))


def test_two_classes_at_two_lanes_as_a_markov_chain():
    """State: lanes busy, and how many of each class wait; loads 0.4 and 0.8 of two lanes."""
    rates, lanes, most = (0.4, 0.8), 2, 40

    def moves(state):
        busy, first, second = state
        if busy < lanes:
            yield (busy + 1, 0, 0), sum(rates)
        else:
            yield (busy, first + 1, second), rates[0]
            yield (busy, first, second + 1), rates[1]
        if first:
            yield (busy, first - 1, second), float(busy)
        elif second:
            yield (busy, 0, second - 1), float(busy)
        elif busy:
            yield (busy - 1, 0, 0), float(busy)

    states = [(busy, 0, 0) for busy in range(lanes)]
    states += [(lanes, first, second) for first in range(15) for second in range(most)]
    queues = _means(states, moves, [lambda state: state[1], lambda state: state[2]])
    found = theory.priority_waits_at_lanes(rates, 1.0, lanes)
    assert [queue / rate for queue, rate in zip(queues, rates, strict=True)] == pytest.approx(found, rel=1e-5)


def _means(states, moves, values):
    """Long-run means over a Markov chain; moves out of the states given are left out."""
    number = {state: index for index, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for state, index in number.items():
        for after, rate in moves(state):
            if after in number:
                generator[index, number[after]] += rate
                generator[index, index] -= rate
    probabilities = np.linalg.solve(np.vstack([generator.T[:-1], np.ones(len(states))]), np.eye(len(states))[-1])
    return [sum(p * value(state) for state, p in zip(states, probabilities, strict=True)) for value in values]


@pytest.mark.parametrize("sizes", [[1.0], [0, 0, 1.0], [0.2] * 5, [0.5, 0, 0, 0.5]])
def test_units_that_come_together_as_a_markov_chain(sizes):
    """M^X/M/1 at load 0.6: the mean number inside by Little's law is the load and the queue."""
    mean_size = sum(size * share for size, share in enumerate(sizes, 1))
    rate = 0.6 / mean_size

    def moves(inside):
        yield inside - 1, 1.0 * (inside > 0)
        for size, share in enumerate(sizes, 1):
            yield inside + size, rate * share

    [inside] = _means(range(150), moves, [lambda inside: inside])
    assert 0.6 * (1 + theory.batch_arrivals(rate, sizes, 1.0, 1.0)) == pytest.approx(inside, rel=1e-6)


def test_units_that_come_one_by_one_are_no_batches():
    assert theory.batch_arrivals(0.7, [1.0], 1.0, 2.0) == pytest.approx(theory.pollaczek_khinchine(0.7, 1.0, 2.0))


def test_two_that_come_together_and_are_served_alike():
    """D = 1, batches of 2 as one service of 2: the first waits as at M/D/1 with service 2, the second one more."""
    first = theory.pollaczek_khinchine(0.3, 2.0, 0.0)
    assert theory.batch_arrivals(0.3, [0, 1.0], 1.0, 0.0) == pytest.approx(first + 0.5)


def test_waves_of_one_place_are_one_lane_that_takes_a_gap():
    """Those who wait after each wave are those who wait at M/D/1 (Crommelin, P.O. Electr. Eng. J. 25 (1932) 41-50)."""
    wait = theory.waves_wait(0.8, 1.0, 1)
    assert wait == pytest.approx(0.5 + theory.pollaczek_khinchine(0.8, 1.0, 0.0), rel=1e-6)


def test_calls_of_one_unit_are_arrivals():
    assert theory.batch_calls_wait(0.7, 1, 1.0) == pytest.approx(theory.mean_wait(0.7, 1, 1), rel=1e-6)


def test_one_unit_every_gap_is_a_lane_with_even_arrivals():
    """D/M/1 (Kleinrock, 6.4): the wait is s / (mu (1 - s)) with s = exp(-mu gap (1 - s))."""
    share = 0.5
    for _ in range(200):
        share = math.exp(-1.25 * (1 - share))
    assert theory.timetable_wait(1, 1.25, 1.0) == pytest.approx(share / (1 - share), rel=1e-6)


def test_what_is_carried_over_by_spitzers_identity():
    """E[N] = sum over k of E[max(S_k, 0)] / k, S_k the sum of k changes (Spitzer, Trans. AMS 82 (1956) 323-339)."""
    expected = 0.0
    for k in range(1, 200):
        beyond = np.arange(1, 400)
        expected += float(beyond @ stats.poisson(2.4 * k).pmf(3 * k + beyond)) / k
    found = theory.carried_over(stats.poisson(2.4).pmf(range(200)).tolist(), [0.0, 0.0, 0.0, 1.0], 150)
    assert found @ range(151) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="fewer must come in a round than can be served"):
        theory.carried_over([0, 1.0], [0, 1.0], 10)


def test_a_lane_that_breaks_down_as_a_markov_chain():
    arrive, serve, fail, repair = 0.4, 1.0, 1 / 30, 1 / 10

    def moves(state):
        inside, is_up = state
        yield (inside + 1, is_up), arrive
        yield (inside, not is_up), fail if is_up else repair
        if is_up and inside:
            yield (inside - 1, is_up), serve

    states = [(inside, is_up) for inside in range(200) for is_up in (True, False)]
    [inside] = _means(states, moves, [lambda state: state[0]])
    assert theory.broken_down(arrive, serve, fail, repair) == pytest.approx(inside / arrive, rel=1e-6)
    assert theory.broken_down(arrive, serve, 0.0, repair) == pytest.approx(1 / 0.6)
    with pytest.raises(ValueError, match=r"there is no long run"):
        theory.broken_down(0.75, serve, fail, repair)


def test_pace_that_follows_the_queue_by_what_leavers_leave_behind():
    """As many stay behind a unit that leaves as one that comes finds: the chain from leaving to leaving gives the same.

    After n stay behind, the next service starts with max(n - 1, 0) waiting; in it as many come as a geometric number.
    """
    rates, most = [0.8, 0.8, 1.2, 1.2, 1.2, 1.5], 120
    found = theory.paced_by_queue(0.7, rates, most)
    chain = np.zeros((most + 1, most + 1))
    for left in range(most + 1):
        rate = rates[min(max(left - 1, 0), len(rates) - 1)]
        for come in range(most + 1):
            after = min(max(left - 1, 0) + come, most)
            chain[left, after] += rate / (0.7 + rate) * (0.7 / (0.7 + rate)) ** come
    behind = np.full(most + 1, 1 / (most + 1))
    for _ in range(3000):
        behind = behind @ chain
    assert found[:30] == pytest.approx(behind[:30] / behind.sum(), abs=1e-9)
    assert theory.paced_by_queue(0.7, [1.0, 1.0, 1.0], 80)[:5] == pytest.approx([0.3 * 0.7**n for n in range(5)])


@pytest.mark.parametrize("limit", [math.inf, 9.0, 2.5])
def test_the_last_of_several_by_quadrature(limit):
    value, _ = integrate.quad(lambda t: 1 - (1 - math.exp(-t / 4)) ** 5, 0, min(limit, 400), limit=200)
    assert theory.last_of(5, 4.0, limit) == pytest.approx(value, rel=1e-7)
    assert theory.last_of(3, 6.0) == pytest.approx(6 + 3 + 2)


def test_the_wait_before_a_closed_gate_is_that_of_the_fluid_without_chance():
    """A truck every 1/1000 h for 8 h, each takes half as long: the fluid of 8000 trucks, in truck-hours."""
    waits = [8 - (k + 0.5) / 1000 + k / 2000 for k in range(8000)]
    assert theory.closed_gate_wait(1000, 1 / 2000, 8) == pytest.approx(math.fsum(waits), rel=1e-3)


@pytest.mark.parametrize(("cv", "wait"), [(0, 1.1667), (0.5, 1.4583), (1, 2.3333), (2, 5.8333)])
def test_one_lane_with_any_service(cv, wait):
    assert theory.pollaczek_khinchine(0.7, 1, cv) == pytest.approx(wait, abs=5e-5)


@pytest.mark.parametrize(
    ("rates", "places", "output"),
    [
        ([1, 1], [0], 2 / 3),
        ([1, 1], [1], 3 / 4),
        ([1, 1], [2], 4 / 5),
        ([1, 1], [5], 7 / 8),
        ([1, 1, 1], [0, 0], 22 / 39),
        ([4], [], 4),
    ],
)
def test_saturated_lines(rates, places, output):
    assert theory.saturated_line(rates, places) == pytest.approx(output, abs=1e-12)


def test_a_saturated_line_gives_the_same_output_backwards():
    """Reversibility (Yamazaki and Sakasegawa, Management Science 21 (1975) 1073-1083): 3 lanes, places 1 and 4."""
    forwards = theory.saturated_line([1.0, 2.0, 1.5], [1, 4])
    assert forwards == pytest.approx(theory.saturated_line([1.5, 2.0, 1.0], [4, 1]), abs=1e-10)


def test_erlang_loss_of_three_lanes_at_load_2():
    """B = (8/6) / (1 + 2 + 2 + 8/6) = 4/19, and the same from the states of M/M/3 with 3 places."""
    assert theory.erlang_loss(2, 3) == pytest.approx(4 / 19)
    assert theory.finite_room(2, 1, 3, 3)[-1] == pytest.approx(4 / 19)


def test_a_fixed_number_of_units_that_come_back():
    """Two units, one lane, both rates 1: weights 1, 2, 2."""
    assert theory.finite_source(2, 1, 1, 1) == pytest.approx([0.2, 0.4, 0.4])


def test_infinite_lanes_are_poisson():
    found = theory.infinite_lanes(2.0, 40)
    assert found[:3] == pytest.approx([math.exp(-2), 2 * math.exp(-2), 2 * math.exp(-2)])
    assert found.sum() == pytest.approx(1.0)
    assert found[:13] == pytest.approx(theory.finite_room(2, 1, 60, 60)[:13])


def test_a_line_with_room_is_a_row_of_single_stages():
    assert theory.tandem(2, [(1, 3), (3, 1)]) == pytest.approx([4 / 9, 2 / 3])


def test_rates_of_a_network_count_those_who_come_back():
    """A quarter of the second stage's output goes back to the first: 3 come, 4 pass each stage."""
    assert theory.network_rates([3, 0], [[0, 1], [0.25, 0]]) == pytest.approx([4, 4])


def test_arrivals_that_follow_the_day():
    """The sine in closed form equals the integral over a long past."""

    def rate(time: float) -> float:
        return 5 + 3 * math.sin(2 * math.pi * time / 24)

    for time in (0.0, 7.5, 18.0):
        found = theory.inside_by_time(rate, lambda age: math.exp(-0.5 * age), time, since=time - 80)
        assert found == pytest.approx(theory.inside_by_sine(5, 3, 24, 0.5, time), rel=1e-8)


def test_a_gate_closed_for_8_hours_clears_in_16():
    """20 an hour come, 30 an hour can pass: 160 stand there, and 10 an hour fewer."""
    assert theory.fluid_recovery(20, 30, 8) == (16, 4)
    with pytest.raises(ValueError, match="output rate 20 must exceed the arrival rate 20"):
        theory.fluid_recovery(20, 20, 8)


def test_loads_without_a_long_run_are_refused():
    with pytest.raises(ValueError, match=r"load 3\.0 must be below the number of lanes, 3: there is no long run"):
        theory.erlang_delay(3.0, 3)


# Shifts -------------------------------------------------------------------------------------------------------------


def test_shifts_that_do_not_differ_are_one_long_run():
    day = theory.day_of_shifts([Shift(3, 3, 2), Shift(5, 3, 2)], 1.0, most=50)
    assert day.mean_wait == pytest.approx(4 / 9, abs=1e-6)
    assert day.mean_waiting == pytest.approx((8 / 9, 8 / 9), abs=1e-6)
    assert day.mean_busy == pytest.approx((2, 2), abs=1e-6)
    assert day.at_start[0] == pytest.approx(1 / 9, abs=1e-6)


def test_long_shifts_reach_the_long_run_of_each():
    shifts = [Shift(9_000, 2, 1.0), Shift(9_000, 3, 1.0)]
    day = theory.day_of_shifts(shifts, 1.0, most=30)
    expected = [theory.mean_wait(1.0, 1.0, lanes) for lanes in (2, 3)]
    assert day.mean_waiting == pytest.approx(expected, rel=1e-3)


def test_all_work_brought_in_a_cycle_is_done_in_it():
    day = theory.day_of_shifts([Shift(8, 1, 1.2), Shift(8, 4, 2.0), Shift(8, 0, 0.1)], 1.0, most=60)
    assert 8 * sum(day.mean_busy) == pytest.approx(8 * (1.2 + 2.0 + 0.1), rel=1e-6)
    assert day.truncated < 1e-6


def test_a_service_goes_on_after_its_lane_has_closed():
    """One unit an age: lanes 1 then 0. Who is in service at the fall leaves at rate 1, and nobody starts.

    Of those waiting or coming none is served in the second half, so busy falls as exp(-t) from its value at the fall.
    """
    shifts = [Shift(6, 1, 0.3), Shift(6, 0, 0.0)]
    day = theory.day_of_shifts(shifts, 1.0, most=30)
    finer = theory.day_of_shifts([Shift(6, 1, 0.3), Shift(1e-6, 0, 0.0), Shift(6 - 1e-6, 0, 0.0)], 1.0, most=30)
    at_fall = finer.mean_busy[1]
    assert day.mean_busy[1] * 6 == pytest.approx(at_fall * (1 - math.exp(-6)), rel=1e-4)


def test_shifts_that_hand_over_and_do_not_differ_are_one_long_run():
    day = theory.day_of_handovers([Shift(3, 3, 2), Shift(5, 3, 2)], 1.0, most=60)
    assert day.mean_wait == pytest.approx(4 / 9, abs=1e-6)
    assert day.mean_waiting == pytest.approx((8 / 9, 8 / 9), abs=1e-6)
    assert day.mean_busy == pytest.approx((2, 2), abs=1e-6)


def test_nobody_is_served_by_officers_who_have_handed_over():
    """One unit an age, one officer then none: those inside at the fall are all there at the cycle's end.

    With `finish` the one in service would go, so fewer are inside when the cycle begins again.
    """
    shifts = [Shift(6, 1, 0.3), Shift(6, 0, 0.0)]
    day, finished = theory.day_of_handovers(shifts, 1.0, most=30), theory.day_of_shifts(shifts, 1.0, most=30)
    assert day.mean_busy[1] == 0
    assert day.mean_waiting[1] == pytest.approx(day.at_start @ range(31))
    assert day.mean_waiting[1] > finished.at_start @ range(31)
    assert 6 * day.mean_busy[0] == pytest.approx(6 * 0.3)


def test_levels_that_only_rise_leave_nothing_to_hand_over():
    """From a level below the number inside to a higher one: the same process with `finish` and `hand_over`.

    A cycle has to fall again, so its fall comes when nobody is inside, 60 mean services after the last arrival.
    """
    shifts = [Shift(8, 1, 0.9), Shift(8, 3, 2.0), Shift(60, 3, 0.0)]
    day, finished = theory.day_of_handovers(shifts, 1.0, most=50), theory.day_of_shifts(shifts, 1.0, most=50)
    assert day.mean_waiting == pytest.approx(finished.mean_waiting, abs=1e-9)


def test_the_oracle_keeps_to_the_theory_of_shifts():
    """Three lanes, then one, then two, 8 hours each; exponential service of 20 minutes.

    Sixty runs of one day, each from a number inside drawn from the exact distribution at the day's start (which the
    rise to the most lanes makes a full description): mean queue of each shift within four standard errors.
    """
    hour, mean, runs = 3_600_000, 1 / 3, 60
    shifts = [Shift(8, 3, 6.0), Shift(8, 1, 2.0), Shift(8, 2, 3.0)]
    exact = theory.day_of_shifts(shifts, 1 / mean, most=50)
    assert exact.truncated < 1e-6
    lanes = [(8 * index * hour, shift.lanes) for index, shift in enumerate(shifts)]
    rng = random.Random(20250601)
    queues = []
    for _ in range(runs):
        inside = rng.choices(range(exact.at_start.size), exact.at_start.tolist())[0]
        arrivals = [0.0] * inside
        for start, shift in zip((0, 8, 16), shifts, strict=True):
            time = start + rng.expovariate(shift.arrival_rate)
            while time < start + 8:
                arrivals.append(time)
                time += rng.expovariate(shift.arrival_rate)
        units = [unit(round(time * hour), [(0, round(rng.expovariate(1 / mean) * hour))]) for time in arrivals]
        visits = simulate(*port([stage(lanes=lanes)], units, end=24 * hour)).visits
        started = np.where(visits["started"] < 0, 24 * hour, visits["started"])
        edges = [(start * hour, (start + 8) * hour) for start in (0, 8, 16)]
        areas = [
            np.clip(np.minimum(started, until) - np.maximum(visits["joined"], since), 0, None).sum()
            for since, until in edges
        ]
        queues.append(np.array(areas) / (8 * hour))
    for values, expected in zip(np.array(queues).T, exact.mean_waiting, strict=True):
        assert abs(values.mean() - expected) < 4 * values.std(ddof=1) / math.sqrt(runs)
