"""Pools of officers in words."""

from __future__ import annotations

from portsim.scenario.levels import DatedLevel, WeekProfile
from portsim.scenario.officers import Break, Forecast, Pool, Reserve, Rota, Shift
from portsim.views.description.clock import dated_level, level
from portsim.views.description.document import code, codes
from portsim.views.description.quantities import amount, clock, duration, percent, plural

PRECEDENCE = {
    "fixed": "in the order of the stages in the file",
    "longest_queue": "where most units wait",
    "longest_wait": "where the unit that is next has waited longest",
}
END_OF_SHIFT = {
    "finish": "a service under way is finished, which is overtime",
    "hand_over": "a service under way pauses until other officers take it over",
}


def pool_words(pool: Pool, zone: str) -> dict[str, str]:
    """Everything about a pool but the stages it serves; `zone` is the clock of its side."""
    return {
        "clock of": code(pool.side),
        **_duty_words(pool, zone),
        "at the end of a shift": END_OF_SHIFT[pool.end_of_shift],
        "whom they serve first": PRECEDENCE[pool.precedence],
        "reserves": "; ".join(map(_reserve, pool.reserves)) or "none",
        "cost of an officer-hour": "not stated" if pool.cost_per_hour is None else amount(pool.cost_per_hour),
    }


def _duty_words(pool: Pool, zone: str) -> dict[str, str]:
    """Who is on duty when."""
    if pool.crews is not None:
        return _rota_words(pool.crews)
    match pool.level:
        case WeekProfile() as profile:
            return {"on duty": level(profile)}
        case DatedLevel() as dated:
            said = {"on duty": dated_level(dated, zone)}
            return said if pool.forecast is None else {"level follows": _forecast(pool.forecast), **said}
    return {"on duty": "none"}


def _forecast(forecast: Forecast) -> str:
    at_most = "" if forecast.at_most is None else f", {forecast.at_most:,} at most"
    lag = f" {duration(forecast.lag_ms)} later than the services before would have them" if forecast.lag_ms else ""
    return (
        f"the work of the units that are expected{lag} and what is left over from before, every "
        f"{duration(forecast.every_ms)} anew, so that officers are busy {percent(forecast.load)} of the time; "
        f"{forecast.at_least:,} at least{at_most}; 0 while all stages of the pool are closed"
    )


def _rota_words(rota: Rota) -> dict[str, str]:
    shifts = {shift.name: shift for shift in rota.cycle if shift is not None}
    cycle = ", ".join(code(shift.name) if shift else "rest" for shift in rota.cycle)
    breaks = [f"{code(name)}: {', '.join(map(_break, shift.breaks))}" for name, shift in shifts.items() if shift.breaks]
    return {
        "on duty": f"{plural(rota.crews, 'crew')} of {plural(rota.crew_size, 'officer')} in turn",
        "cycle": f"{cycle} ({plural(len(rota.cycle), 'day')}); each crew is one day further in it than the one before",
        "shifts": "; ".join(f"{code(name)} {_span(shift)}" for name, shift in shifts.items()),
        "handover": f"the first {duration(rota.handover_ms)} of a shift, paid, nobody served"
        if rota.handover_ms
        else "takes no time",
        "breaks": "; ".join(breaks) or "none",
        "least rest": f"{duration(rota.min_rest_ms)} between two shifts of a crew; less is warned of"
        if rota.min_rest_ms is not None
        else "no limit stated",
    }


def _span(shift: Shift) -> str:
    return f"{clock(shift.start_ms)} to {clock(shift.end_ms)}"


def _break(one: Break) -> str:
    who = "all" if one.officers is None else plural(one.officers, "officer")
    return f"{who} at {clock(one.at_ms)} for {duration(one.for_ms)}"


def _reserve(reserve: Reserve) -> str:
    many = plural(reserve.officers, "officer")
    ready = f"after {duration(reserve.ready_in_ms)}" if reserve.ready_in_ms else "at once"
    stay = f", after {duration(reserve.stay_ms)} at the least" if reserve.stay_ms else ""
    return (
        f"{many} called when {reserve.call_at:,} or more wait at {codes(reserve.stages)}; they serve {ready} and go "
        f"when {reserve.close_at:,} or fewer wait{stay}"
    )
