"""Numbers, durations, moments and distributions in words."""

from __future__ import annotations

from portsim.scenario.calendar import to_local
from portsim.scenario.levels import DAY_MS, Amount, Distribution
from portsim.scenario.units import format_clock, format_local

_PARTS = ((DAY_MS, "d"), (3_600_000, "h"), (60_000, "min"))

SERVICE_PER = {"unit": "", "person": "one such time for each person", "goods": "one such time for each of the goods"}
"""What one service time is for, by `service_per`."""


def amount(value: float) -> str:
    """A plain number: whole if it is, else to six significant digits."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"


def how_many(number: Amount) -> str:
    """How many of something countable there are, and how that is drawn."""
    if number.span is not None:
        low, high = number.span
        return f"{amount(low)} to {amount(high)}, each as likely"
    spread = "" if number.cv is None else f" (coefficient of variation {amount(number.cv)}, gamma, rounded)"
    return f"{amount(number.mean)} on average{spread}"


def percent(share: float) -> str:
    """A share of 0..1 in per cent."""
    return f"{amount(round(100 * share, 10))} %"


def plural(count: int, word: str) -> str:
    """`1 unit`, `2 units`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def duration(ms: float) -> str:
    """A length of time, exactly if it is whole seconds, else to three digits: `2 h 30 min`, `45 s`, `4.17 min`."""
    if ms != round(ms) or (ms % 1_000 and ms >= 60_000):
        size, unit = next(((size, unit) for size, unit in reversed(_PARTS) if ms < 100 * size), _PARTS[0])
        return f"{ms / size:.3g} {unit}" if ms >= 60_000 else f"{ms / 1_000:.3g} s"
    parts, rest = [], int(ms)
    for size, unit in _PARTS if ms >= 2 * DAY_MS else _PARTS[1:]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:,} {unit}")
    if rest or not parts:
        parts.append(f"{amount(rest / 1_000)} s")
    return " ".join(parts)


def clock(ms: int) -> str:
    """A time of the day from ms after midnight; what lies in the next day says so."""
    return format_clock(ms) if ms <= DAY_MS else f"{format_clock(ms - DAY_MS)} the next day"


def moment(utc_ms: int, zone: str) -> str:
    """An instant by the clock of a zone: `2025-06-01 10:00`."""
    return format_local(to_local(utc_ms, zone))


def distribution(given: Distribution) -> str:
    """How long something takes, with its mean: `mean 3 min, coefficient of variation 0.5 (lognormal)`."""
    p, mean = given.params, f"mean {duration(given.mean_ms)}"
    match given.kind:
        case "fixed":
            return f"always {duration(p['value'])}"
        case "uniform":
            return f"{mean}, anything from {duration(p['low'])} to {duration(p['high'])} alike (uniform)"
        case "triangular":
            spread = f"{duration(p['low'])} to {duration(p['high'])}, most often {duration(p['mode'])}"
            return f"{mean}, {spread} (triangular)"
        case "exponential":
            return f"{mean} (exponential)"
        case "erlang" | "weibull":
            return f"{mean}, shape {amount(p['shape'])} ({given.kind.capitalize()})"
        case "gamma" | "lognormal":
            return f"{mean}, coefficient of variation {amount(p['cv'])} ({given.kind})"
        case "empirical":
            values = p["values"]
            spread = f"{duration(min(values))} to {duration(max(values))}"
            return f"{mean}, one of {len(values):,} recorded times, {spread}, each as likely (empirical)"
