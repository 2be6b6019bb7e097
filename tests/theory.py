"""Exact results of queueing theory, to hold an engine against: each function names its formula and source.

Rates and times are in any one unit of time. `load` is arrival rate x mean service time, in lanes.
Waits are before service begins; "inside" counts waiting and in service.

Sources: Kleinrock, *Queueing Systems* vol. 1 (1975); Cooper, *Introduction to Queueing Theory* (2nd ed. 1981);
Gross, Shortle, Thompson and Harris, *Fundamentals of Queueing Theory* (4th ed. 2008), "Gross et al.";
Cobham, *Operations Research* 2 (1954) 70-76; Hunt, *Operations Research* 4 (1956) 674-683 (lines without room);
Jackson, *Operations Research* 5 (1957) 518-521; Eick, Massey and Whitt, *Management Science* 39 (1993) 241-252;
Newell, *Applications of Queueing Theory* (2nd ed. 1982) for fluid limits; Burke, *Operations Research* 23 (1975)
830-833 (units that come together); Lindley, *Proceedings of the Cambridge Philosophical Society* 48 (1952) 277-289, and
Bailey, *Journal of the Royal Statistical Society B* 16 (1954) 80-87 (units called in together); White and Christie,
*Operations Research* 6 (1958) 79-95 (breakdowns); Harris, *Operations Research* 15 (1967) 117-130 (pace by queue).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, linalg

Floats = NDArray[np.float64]

# One stage in the long run ------------------------------------------------------------------------------------------


def erlang_loss(load: float, lanes: int) -> float:
    """Share turned away at a stage without room to wait (M/G/c/c): Erlang B, by its recursion (Cooper, 3.3)."""
    share = 1.0
    for busy in range(1, lanes + 1):
        share = load * share / (busy + load * share)
    return share


def erlang_delay(load: float, lanes: int) -> float:
    """Share that has to wait at M/M/c: Erlang C, from Erlang B (Cooper, 3.4). Needs load < lanes."""
    _require_stable(load, lanes)
    loss = erlang_loss(load, lanes)
    return lanes * loss / (lanes - load * (1 - loss))


def mean_wait(arrival_rate: float, service_rate: float, lanes: int) -> float:
    """Mean wait of M/M/c: C(c, a) / (c mu - lambda) (Gross et al., 2.3)."""
    return erlang_delay(arrival_rate / service_rate, lanes) / (lanes * service_rate - arrival_rate)


def share_waiting_longer(arrival_rate: float, service_rate: float, lanes: int, time: float) -> float:
    """P(wait > time) of M/M/c: C(c, a) exp(-(c mu - lambda) time) (Gross et al., 2.3)."""
    return erlang_delay(arrival_rate / service_rate, lanes) * math.exp((arrival_rate - lanes * service_rate) * time)


def finite_room(arrival_rate: float, service_rate: float, lanes: int, places: int) -> Floats:
    """P(n inside), n = 0..places, of M/M/c with `places` in all, lanes included; others are turned away.

    Birth and death equations (Gross et al., 2.5). The last entry is also the share turned away.
    """
    deaths = [service_rate * min(inside, lanes) for inside in range(1, places + 1)]
    return birth_death([arrival_rate] * places, deaths)


def finite_source(units: int, return_rate: float, service_rate: float, lanes: int) -> Floats:
    """P(n inside), n = 0..units, when a fixed number of units comes back, each `return_rate` after it left.

    Birth and death equations (Gross et al., 2.7, finite-source queues).
    """
    births = [(units - inside) * return_rate for inside in range(units)]
    deaths = [service_rate * min(inside, lanes) for inside in range(1, units + 1)]
    return birth_death(births, deaths)


def impatient(arrival_rate: float, service_rate: float, lanes: int, leaving_rate: float, most: int) -> Floats:
    """P(n inside), n = 0..most, of M/M/c+M (Erlang A): each waiting unit leaves at `leaving_rate`; none beyond `most`.

    Birth and death equations (Palm, *Tele* 1957; Garnett, Mandelbaum and Reiman, *M&SOM* 4 (2002) 208-227). As many
    leave as come and are not served, so with a mean queue Q the share that leaves is Q x leaving rate / arrival rate,
    and by Little's law the mean wait of all, until service or leaving, is Q / arrival rate.
    """
    deaths = [min(n, lanes) * service_rate + max(n - lanes, 0) * leaving_rate for n in range(1, most + 1)]
    return birth_death([arrival_rate] * most, deaths)


def birth_death(births: Sequence[float], deaths: Sequence[float]) -> Floats:
    """Stationary probabilities of states 0..n: births[i] from i to i + 1, deaths[i] back (Kleinrock, 3.2)."""
    weights = np.cumprod([1.0, *(birth / death for birth, death in zip(births, deaths, strict=True))])
    probabilities: Floats = weights / weights.sum()
    return probabilities


def pollaczek_khinchine(arrival_rate: float, mean: float, cv: float) -> float:
    """Mean wait of M/G/1: lambda E[S^2] / (2 (1 - rho)) (Kleinrock, 5.7)."""
    load = arrival_rate * mean
    _require_stable(load, 1)
    return arrival_rate * mean**2 * (1 + cv**2) / (2 * (1 - load))


def priority_waits(arrival_rates: Sequence[float], means: Sequence[float], cvs: Sequence[float]) -> list[float]:
    """Mean wait of each class of M/G/1, first class first, services not interrupted (Cobham 1954).

    W_k = W_0 / ((1 - s_(k-1)) (1 - s_k)), W_0 = sum lambda E[S^2] / 2, s_k the load of classes up to k.
    """
    loads = np.cumsum([0.0, *(rate * mean for rate, mean in zip(arrival_rates, means, strict=True))])
    _require_stable(float(loads[-1]), 1)
    residual = sum(rate * mean**2 * (1 + cv**2) / 2 for rate, mean, cv in zip(arrival_rates, means, cvs, strict=True))
    return [residual / ((1 - before) * (1 - upto)) for before, upto in pairwise(loads.tolist())]


def priority_waits_at_lanes(arrival_rates: Sequence[float], service_rate: float, lanes: int) -> list[float]:
    """Mean wait of each class of M/M/c, first class first, all served alike, services not interrupted (Cobham 1954).

    As at one lane, with W_0 = C(c, a) / (c mu) and s_k the load of the classes up to k over the number of lanes.
    """
    loads = np.cumsum([0.0, *(rate / (lanes * service_rate) for rate in arrival_rates)])
    residual = erlang_delay(sum(arrival_rates) / service_rate, lanes) / (lanes * service_rate)
    return [residual / ((1 - before) * (1 - upto)) for before, upto in pairwise(loads.tolist())]


def batch_arrivals(batch_rate: float, sizes: Sequence[float], mean: float, cv: float) -> float:
    """Mean wait of M^X/G/1, where units come together: that of the batch's first, and of those before it (Burke 1975).

    (lambda E[X] E[S^2] + E[S] E[X (X - 1)] / E[X]) / (2 (1 - rho)), rho = lambda E[X] E[S]

    sizes : P(a batch has 1, 2, ... units)
    """
    numbers, shares = np.arange(1, len(sizes) + 1), np.asarray(sizes, dtype=float)
    units, pairs = float(numbers @ shares), float((numbers * (numbers - 1)) @ shares)
    load = batch_rate * units * mean
    _require_stable(load, 1)
    return (batch_rate * units * mean**2 * (1 + cv**2) + mean * pairs / units) / (2 * (1 - load))


def carried_over(come: Sequence[float], served: Sequence[float], most: int) -> Floats:
    """P(n are still there, n = 0..most) after each round in which A come and then up to K are served, in the long run.

    N' = max(N + A - K, 0), with A and K independent of the past (Lindley 1952), as the stationary distribution.

    come, served : P(A = 0, 1, ...) and P(K = 0, 1, ...)
    """
    if np.dot(come, range(len(come))) >= np.dot(served, range(len(served))):
        raise ValueError("fewer must come in a round than can be served: there is no long run")
    change = np.convolve(come, served[::-1])  # P(A - K = index - len(served) + 1)
    generator = -np.eye(most + 1)
    for before in range(most + 1):
        after = np.clip(before + np.arange(change.size) - len(served) + 1, 0, most)
        np.add.at(generator[before], after, change)
    return stationary(generator)


def timetable_wait(units: int, gap: float, service_rate: float, most: int = 150) -> float:
    """Mean wait of D^X/M/1: so many units come together every `gap`. Ahead are those carried over, and half the others.

    In a gap as many can be served as a Poisson process of the service rate has events (Lindley 1952).
    """
    at_rest = carried_over([0.0] * units + [1.0], infinite_lanes(service_rate * gap, 4 * most).tolist(), most)
    return (_mean(at_rest) + (units - 1) / 2) / service_rate


def batch_calls_wait(arrival_rate: float, size: int, service_rate: float, most: int = 150) -> float:
    """Mean wait at one exponential lane into which a Poisson stream is called `size` at a time: E_N^N/M/1.

    On average half of the others come after a unit, (N - 1) / (2 lambda); then its batch is as one that comes together.
    Between two calls are N arrivals, so as many can be served as a negative binomial number (Lindley 1952).
    """
    share = arrival_rate / (arrival_rate + service_rate)
    served = [math.comb(size + k - 1, k) * share**size * (1 - share) ** k for k in range(4 * most)]
    at_rest = carried_over([0.0] * size + [1.0], served, most)
    return (size - 1) / (2 * arrival_rate) + (_mean(at_rest) + (size - 1) / 2) / service_rate


def waves_wait(arrival_rate: float, gap: float, places: int, most: int = 150) -> float:
    """Mean wait of a Poisson stream for waves of so many places every `gap`, without limit of lanes (Bailey 1954).

    Half a gap until the first wave, and by Little's law those a wave leaves behind over the arrival rate.
    """
    come = infinite_lanes(arrival_rate * gap, 4 * most).tolist()
    return gap / 2 + _mean(carried_over(come, [0.0] * places + [1.0], most)) / arrival_rate


def _mean(probabilities: Floats) -> float:
    return float(probabilities @ np.arange(probabilities.size))


def broken_down(arrival_rate: float, service_rate: float, failing_rate: float, repair_rate: float) -> float:
    """Mean time inside M/M/1 that fails at any time, busy or not, and goes on after repair with what it had begun.

    (mu f + (f + r)^2) / ((f + r) (mu r - lambda (f + r))), f and r the rates of failing and of repair, all times
    exponential (White and Christie 1958).
    """
    both = failing_rate + repair_rate
    _require_stable(arrival_rate * both / (service_rate * repair_rate), 1)
    return (service_rate * failing_rate + both**2) / (both * (service_rate * repair_rate - arrival_rate * both))


def paced_by_queue(arrival_rate: float, service_rates: Sequence[float], most: int) -> Floats:
    """P(n inside), n = 0..most, of one exponential lane whose pace follows the queue, read as a service starts.

    As w others wait at the start its rate is service_rates[w], the last also beyond, until it ends (Harris 1967).
    Stationary distribution of the Markov chain of (number inside, rate of the service); none come beyond `most`.
    """
    last = len(service_rates) - 1
    number = {(0, 0): 0}
    for inside in range(1, most + 1):
        for begun in range(min(inside - 1, last) + 1):
            number[inside, begun] = len(number)
    generator = np.zeros((len(number), len(number)))
    for (inside, begun), index in number.items():
        if inside < most:
            generator[index, number[inside + 1, begun]] += arrival_rate
        if inside > 0:
            generator[index, number[inside - 1, min(max(inside - 2, 0), last)]] += service_rates[begun]
    generator -= np.diag(generator.sum(axis=1))
    probabilities = stationary(generator)
    return np.array(
        [sum(probabilities[i] for (n, _), i in number.items() if n == inside) for inside in range(most + 1)]
    )


def last_of(count: int, mean: float, limit: float = math.inf) -> float:
    """Mean of min(the longest of `count` exponential times, limit): mean x sum of q^k / k, q = P(one is within limit).

    Without a limit the harmonic number (Renyi, *Acta Mathematica Hungarica* 4 (1953) 191-231); with one the integral of
    1 - (1 - exp(-t / mean))^count up to it.
    """
    within = 1 - math.exp(-limit / mean)
    return mean * sum(within**k / k for k in range(1, count + 1))


def infinite_lanes(load: float, most: int) -> Floats:
    """P(n inside), n = 0..most, of M/G/infinity: Poisson with mean `load`, whatever the service (Cooper, 3.2)."""
    return np.array([math.exp(n * math.log(load) - load - math.lgamma(n + 1)) for n in range(most + 1)])


# Several stages in the long run -------------------------------------------------------------------------------------


def tandem(arrival_rate: float, stages: Sequence[tuple[float, int]]) -> list[float]:
    """Mean wait at each (service rate, lanes) of a line with room to wait: each is M/M/c (Jackson 1957)."""
    return [mean_wait(arrival_rate, service_rate, lanes) for service_rate, lanes in stages]


def network_rates(outside: Sequence[float], routing: Sequence[Sequence[float]]) -> Floats:
    """Rate at which units come to each stage: lambda = outside + lambda R (Jackson 1957)."""
    matrix = np.asarray(routing, dtype=float)
    return np.linalg.solve((np.eye(len(outside)) - matrix).T, np.asarray(outside, dtype=float))


def saturated_line(rates: Sequence[float], places: Sequence[int]) -> float:
    """Output of a line of single exponential lanes whose first never lacks units, blocking after service (Hunt 1956).

    places : how many may wait between lane i and lane i + 1; len(rates) - 1 of them

    State: per lane whether it is blocked, per lane after the first how many wait at or are on it. Solved as the
    stationary distribution of that Markov chain.
    """
    count = len(rates)
    # ahead[i]: units waiting for or on lane i + 1; blocked[i]: lane i holds a finished unit
    start = ((0,) * (count - 1), (False,) * count)
    number = {start: 0}
    queue = [start]
    moves: list[tuple[int, int, float]] = []
    output: dict[int, float] = {}
    while queue:
        state = queue.pop()
        ahead, blocked = state
        for lane in range(count):
            is_busy = not blocked[lane] and (lane == 0 or ahead[lane - 1] > 0)
            if not is_busy:
                continue
            after = _after_service(ahead, blocked, lane, places)
            if after not in number:
                number[after] = len(number)
                queue.append(after)
            moves.append((number[state], number[after], rates[lane]))
            if lane == count - 1:
                output[number[state]] = rates[lane]
    generator = np.zeros((len(number), len(number)))
    for source, target, rate in moves:
        generator[source, target] += rate
        generator[source, source] -= rate
    probabilities = stationary(generator)
    return float(sum(probabilities[state] * rate for state, rate in output.items()))


Line = tuple[tuple[int, ...], tuple[bool, ...]]


def _after_service(ahead: tuple[int, ...], blocked: tuple[bool, ...], lane: int, places: Sequence[int]) -> Line:
    """The line after `lane` finished one unit: it moves on if there is room, and others move up behind it."""
    units, stuck = list(ahead), list(blocked)
    stuck[lane] = True
    while lane >= 0 and stuck[lane]:
        if lane < len(units):
            if units[lane] >= places[lane] + 1:
                break
            units[lane] += 1
        stuck[lane] = False
        if lane > 0:
            units[lane - 1] -= 1
        lane -= 1
    return tuple(units), tuple(stuck)


def stationary(generator: Floats) -> Floats:
    """The distribution p with p Q = 0 and sum 1 (Kleinrock, 2.4)."""
    system = np.vstack([generator.T, np.ones(len(generator))])
    right = np.zeros(len(generator) + 1)
    right[-1] = 1.0
    return np.asarray(np.linalg.lstsq(system, right, rcond=None)[0], dtype=np.float64)


# Through the day ----------------------------------------------------------------------------------------------------


def inside_by_time(
    rate: Callable[[float], float], remains: Callable[[float], float], time: float, since: float = 0.0
) -> float:
    """Mean number inside M(t)/G/infinity at `time`, empty at `since`: integral of rate(u) P(S > time - u).

    Eick, Massey and Whitt (1993), theorem 1; by quadrature. The number is Poisson.

    remains : P(service takes longer than this)
    """
    value, _ = integrate.quad(lambda u: rate(u) * remains(time - u), since, time, limit=500)
    return float(value)


def inside_by_sine(mean_rate: float, amplitude: float, period: float, service_rate: float, time: float) -> float:
    """Mean number inside M(t)/M/infinity for ever under rate mean_rate + amplitude sin(2 pi t / period).

    (mean_rate + amplitude (mu^2 sin wt - mu w cos wt) / (mu^2 + w^2)) / mu
    (Eick, Massey and Whitt 1993, on sinusoidal arrival rates, exponential service.)
    """
    w = 2 * math.pi / period
    swing = service_rate * (service_rate * math.sin(w * time) - w * math.cos(w * time)) / (service_rate**2 + w**2)
    return (mean_rate + amplitude * swing) / service_rate


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of a cycle with constant lanes (or officers) and arrivals."""

    length: float
    lanes: int
    arrival_rate: float


@dataclass(frozen=True, slots=True)
class Day:
    """A cycle that repeats for ever, by shift and as a whole.

    mean_waiting, mean_busy : mean number waiting and in service during each shift
    mean_wait : mean wait of all units of a cycle (Little: area of the queue over arrivals)
    at_start : P(n inside) at the start of the cycle, before its first level applies
    truncated : greatest probability, at a change of shift, of being at the largest number that is represented
    """

    mean_waiting: tuple[float, ...]
    mean_busy: tuple[float, ...]
    mean_wait: float
    at_start: Floats
    truncated: float


def day_of_shifts(shifts: Sequence[Shift], service_rate: float, most: int = 120) -> Day:
    """M/M/c(t) where a service under way when the level falls goes on (`finish`): the cycle in its long run.

    Kolmogorov's forward equations of (number inside n, number in service s), s <= n: while s < c a unit that comes
    or waits starts at once; while s > c (after a fall) nobody starts. Between changes s >= min(n, c). Solved shift by
    shift by the exponential of the generator, its integral by one more column (Van Loan, *IEEE Transactions on
    Automatic Control* 23 (1978) 395-404); the cycle's stationary distribution as the fixed point of one cycle.

    most : largest number inside that is represented; arrivals beyond are lost, `Day.truncated` says how likely
    """
    deepest = max(shift.lanes for shift in shifts)
    states = [(n, s) for n in range(most + 1) for s in range(min(n, deepest) + 1)]
    number = {state: index for index, state in enumerate(states)}
    waiting = np.array([n - s for n, s in states], dtype=float)
    busy = np.array([s for _, s in states], dtype=float)
    changes: list[Floats] = []
    flows: list[tuple[Floats, Floats, Floats]] = []
    for shift in shifts:
        change = np.zeros((len(states), len(states)))
        for (n, s), index in number.items():
            change[index, number[n, max(s, min(n, shift.lanes))]] = 1.0
        changes.append(change)
        generator = _shift_generator(shift, service_rate, states, number)
        flows.append(_exponential(generator, waiting, busy, shift.length))
    cycle: Floats = np.eye(len(states))
    for change, (over, _, _) in zip(changes, flows, strict=True):
        cycle = np.asarray(cycle @ change @ over, dtype=np.float64)
    at = stationary(cycle - np.eye(len(states)))
    at_start = np.array([at[[number[n, s] for s in range(min(n, deepest) + 1)]].sum() for n in range(most + 1)])
    queue_area, busy_area = [], []
    truncated = 0.0
    for change, (over, waits, works) in zip(changes, flows, strict=True):
        begin = at @ change
        queue_area.append(float(begin @ waits))
        busy_area.append(float(begin @ works))
        at = begin @ over
        truncated = max(truncated, float(at[[number[most, s] for s in range(min(most, deepest) + 1)]].sum()))
    arrivals = sum(shift.arrival_rate * shift.length for shift in shifts)
    return Day(
        mean_waiting=tuple(area / shift.length for area, shift in zip(queue_area, shifts, strict=True)),
        mean_busy=tuple(area / shift.length for area, shift in zip(busy_area, shifts, strict=True)),
        mean_wait=sum(queue_area) / arrivals,
        at_start=at_start,
        truncated=truncated,
    )


def day_of_handovers(shifts: Sequence[Shift], service_rate: float, most: int = 120) -> Day:
    """M/M/c(t) where a service under way when the level falls pauses and is taken up later: the cycle in its long run.

    Exponential service has no memory, so n inside means min(n, c) in service at any time: Kolmogorov's forward
    equations of n alone (Kleinrock, 2.5, with rates that change by shift). Solved as in `day_of_shifts`.
    """
    inside = np.arange(most + 1)
    flows = []
    for shift in shifts:
        busy = np.minimum(inside, shift.lanes).astype(float)
        generator = np.diag(np.full(most, shift.arrival_rate), 1) + np.diag(service_rate * busy[1:], -1)
        generator -= np.diag(generator.sum(axis=1))
        flows.append(_exponential(generator, inside - busy, busy, shift.length))
    cycle = np.linalg.multi_dot([np.eye(most + 1), *(over for over, _, _ in flows), np.eye(most + 1)])
    at_start = at = stationary(cycle - np.eye(most + 1))
    queue_area, busy_area = [], []
    truncated = 0.0
    for over, waits, works in flows:
        queue_area.append(float(at @ waits))
        busy_area.append(float(at @ works))
        at = at @ over
        truncated = max(truncated, float(at[most]))
    return Day(
        mean_waiting=tuple(area / shift.length for area, shift in zip(queue_area, shifts, strict=True)),
        mean_busy=tuple(area / shift.length for area, shift in zip(busy_area, shifts, strict=True)),
        mean_wait=sum(queue_area) / sum(shift.arrival_rate * shift.length for shift in shifts),
        at_start=at_start,
        truncated=truncated,
    )


def _shift_generator(
    shift: Shift, service_rate: float, states: Sequence[tuple[int, int]], number: dict[tuple[int, int], int]
) -> Floats:
    generator = np.zeros((len(states), len(states)))
    for (n, s), index in number.items():
        after = {}
        if (n + 1, s) in number or (n + 1, s + 1) in number:
            after[n + 1, s + 1 if s < shift.lanes else s] = shift.arrival_rate
        if s > 0:
            after[n - 1, s if n > s and s - 1 < shift.lanes else s - 1] = s * service_rate
        for target, rate in after.items():
            if s < min(n, shift.lanes):
                continue  # not entered in this shift: its change of level moves it on at once
            generator[index, number[target]] += rate
            generator[index, index] -= rate
    return generator


def _exponential(generator: Floats, waiting: Floats, busy: Floats, length: float) -> tuple[Floats, Floats, Floats]:
    """Transition matrix over a shift, and the integrals of the two functions along the way, by starting state."""
    size = len(generator)
    augmented = np.zeros((size + 2, size + 2))
    augmented[:size, :size] = generator
    augmented[:size, size] = waiting
    augmented[:size, size + 1] = busy
    whole = linalg.expm(augmented * length)
    return whole[:size, :size], whole[:size, size], whole[:size, size + 1]


def fluid_recovery(arrival_rate: float, output_rate: float, closed: float) -> tuple[float, float]:
    """(time from reopening until the backlog is gone, mean wait of those who waited) of a gate closed for `closed`.

    The queue rises at the arrival rate while closed and falls at output - arrivals after (Newell 1982, chapter 2):
    recovery arrivals x closed / (output - arrivals); waits fall evenly from `closed` to 0, so their mean is half.
    """
    if arrival_rate >= output_rate:
        raise ValueError(f"output rate {output_rate} must exceed the arrival rate {arrival_rate}")
    return arrival_rate * closed / (output_rate - arrival_rate), closed / 2


def closed_gate_wait(arrival_rate: float, mean: float, closed: float) -> float:
    """Mean of the total wait of all who come in the `closed` time before one lane opens, first come first served.

    Those N are Poisson, and each is as likely to come at one time as at another: lambda T^2 / 2 until it opens, then
    the services of those before, E[N (N - 1)] / 2 x mean = (lambda T)^2 / 2 x mean. That is the fluid limit, and exact
    with chance (Newell 1982, chapter 2).
    """
    expected = arrival_rate * closed
    return expected * closed / 2 + expected**2 / 2 * mean


def _require_stable(load: float, lanes: int) -> None:
    if load >= lanes:
        raise ValueError(f"load {load} must be below the number of lanes, {lanes}: there is no long run")
