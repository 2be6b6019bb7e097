"""The formulas the engines are held against give the published values, and agree with each other where they meet."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

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


@pytest.mark.parametrize(("cv", "wait"), [(0, 1.1667), (0.5, 1.4583), (1, 2.3333), (2, 5.8333)])
def test_one_lane_with_any_service(cv, wait):
    assert theory.pollaczek_khinchine(0.7, 1, cv) == pytest.approx(wait, abs=5e-5)


@pytest.mark.parametrize(
    ("rates", "places", "output"),
    [
        ([1, 1], [0], 2 / 3),
        ([1, 1], [1], 3 / 4),
        ([1, 1], [2], 4 / 5),
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
