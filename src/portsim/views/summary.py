"""What a planner reads of a run: crossings, waits, queues, officers, and the published figures beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portsim.experiments import Run
from portsim.experiments.precision import Stopping
from portsim.model.network import Stage
from portsim.results.spread import BIN_ERROR
from portsim.scenario.calendar import to_local
from portsim.scenario.provenance import source_counts
from portsim.scenario.scenario import Scenario
from portsim.tables import Line, Table
from portsim.views.posterior import posterior_fact, ranges_section
from portsim.views.published import published_table
from portsim.views.rows import UNDEFINED, Rows, TimeUnit

Section = tuple[str, Table | None]

TIMES = {
    "wait": "wait",
    "blocked": "blocked, holding a lane",
    "delay": "delay (all but work)",
    "dwell": "dwell (arrived to out)",
    "rejoin": "rejoin, waiting for passengers",
    "virtual_wait": "virtual wait, before coming",
    "total_wait": "total wait, virtual and at the port",
}
STATISTICS = {"mean": "mean", "p50": "50 % within", "p90": "90 % within", "p95": "95 % within", "max": "largest"}

ALWAYS = ("wait", "blocked", "delay", "dwell")

LOST = {
    "left": "units that gave up waiting",
    "turned_away": "units turned away",
    "stayed_away": "units that stayed away",
    "no_shows": "units that booked a slot and did not come",
    "waiting_elsewhere": "units that wanted to come and have not yet",
    "left_behind": "passengers left behind by their vehicle",
}


def run_blocks(run: Run, stopping: Stopping | None = None) -> list[Line | Table]:
    """The whole readable result of a run, main measures first; with why it stopped if that was by its precision."""
    rows, scenario, network = Rows(run.rows), run.scenario, run.network
    sections: list[Section] = [
        ("The port", _port_table(rows, has_officers=bool(network.pools))),
        _times_section(rows),
        _flow_section(rows, network.flows),
        _stage_section(rows, [stage.name for stage in network.stages]),
        ("After a closure, h from the reopening on", _recovery_table(rows, network.stages)),
        ("Officers", _pool_table(rows, [pool.name for pool in network.pools])),
        ("Targets", _target_table(rows, scenario)),
        ("Crossings beside the published figures", published_table(scenario, rows)),
    ]
    blocks = _header(run)
    for heading, table in sections:
        if table is not None:
            blocks += [Line(""), Line(heading, is_heading=True), table]
    blocks += ranges_section(run.ranges, run.rows)
    return [*blocks, Line(""), *([] if stopping is None else [Line(stopping.reason)]), *_closing(run)]


def _header(run: Run) -> list[Line | Table]:
    scenario = run.scenario
    start, end = (to_local(ms, scenario.clock) for ms in (scenario.measure_from_ms, run.end_ms))
    stretch = (
        f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        if start < end
        else f"nothing: it ended at {end:%Y-%m-%d %H:%M}"
    )
    facts = [
        ("plan", scenario.plan or "none, as the file says"),
        ("measured", f"{stretch}, {scenario.clock}"),
        ("replications", f"{len(run.numbers)}, seed {run.seed}, engine {run.engine}"),
    ]
    if scenario.records == "summary":
        facts.append(("kept", f"a summary: percentiles of times are off by {100 * BIN_ERROR:.1f} % at most"))
    if scenario.posterior is not None:
        facts.append(("left open", posterior_fact(scenario)))
    return [Line(scenario.name, is_heading=True), Table.of(("", ""), facts, names=2)]


def _port_table(rows: Rows, *, has_officers: bool) -> Table:
    goods = rows.row("goods_per_day")
    carries_goods = goods is not None and goods.mean > 0
    cells = [
        ("crossings", rows.number("crossings")),
        ("crossings a day", rows.number("crossings_per_day")),
        ("crossings, busiest day of all replications", rows.number("crossings_max_per_day")),
        ("persons a day", rows.number("persons_per_day")),
        *([("goods a day", rows.number("goods_per_day"))] if carries_goods else []),
        ("units in the port, mean", rows.number("in_port_mean")),
        ("units in the port, most", rows.number("in_port_max")),
        ("units held over at closing", rows.number("overnight")),
        ("units still in the port at the end", rows.number("in_port")),
        *(
            (label, rows.number(metric))
            for metric, label in LOST.items()
            if (row := rows.row(metric)) is not None and row.mean > 0
        ),
    ]
    booked = rows.row("booked")
    if booked is not None and booked.mean > 0:
        cells.append(("units booked on a departure", rows.number("booked")))
        cells.append(("share of them that caught it", rows.share("caught_share")))
    if has_officers:
        cells.append(("officer-hours", rows.number("officer_hours")))
        cells.append(("officer-hours of overtime", rows.number("overtime_hours")))
    defined = [cell for cell in cells if cell[1] != UNDEFINED]  # no whole day, or no closing, in the measured stretch
    return Table.of(("", "mean ± 95 % interval"), defined)


def _times_section(rows: Rows) -> Section:
    shown = {time: label for time, label in TIMES.items() if time in ALWAYS or _is_any(rows, time)}
    unit = TimeUnit.of(rows.row(f"{time}_p95_min") for time in shown)
    cells = [
        (label, *(unit.show(rows.row(f"{time}_{statistic}_min")) for statistic in STATISTICS))
        for time, label in shown.items()
    ]
    return f"Times of a unit, {unit.name}", Table.of(("", *STATISTICS.values()), cells)


def _is_any(rows: Rows, time: str) -> bool:
    """Whether a time that few ports have is there to show: the total wait where it is more than the wait."""
    longest = rows.row(f"{'virtual_wait' if time == 'total_wait' else time}_max_min")
    return longest is not None and (time == "rejoin" or longest.mean > 0)


def _flow_section(rows: Rows, flows: Sequence[str]) -> Section:
    shown = ("wait_mean_min", "wait_p50_min", "wait_p90_min", "wait_p95_min", "dwell_mean_min")
    unit = TimeUnit.of(rows.row(metric, flow=flow) for metric in shown for flow in flows)
    has_days = rows.row("crossings_per_day") is not None
    cells = [
        (
            flow,
            rows.number("crossings_per_day" if has_days else "crossings", flow=flow),
            *(unit.show(rows.row(metric, flow=flow)) for metric in shown),
        )
        for flow in flows
    ]
    crossings = "crossings a day" if has_days else "crossings"
    columns = ("", crossings, "wait, mean", "50 % within", "90 % within", "95 % within", "dwell, mean")
    return f"By flow, times in {unit.name}", Table.of(columns, cells)


def _stage_section(rows: Rows, stages: Sequence[str]) -> Section:
    shown = {"wait_mean_min": "wait, mean", "wait_p95_min": "95 % within"}
    if any((row := rows.row("blocked_mean_min", stage=stage)) is not None and row.mean > 0 for stage in stages):
        shown["blocked_mean_min"] = "blocked, mean"
    breaks_down = any((row := rows.row("outage_h", stage=stage)) is not None and row.mean > 0 for stage in stages)
    unit = TimeUnit.of(rows.row(metric, stage=stage) for metric in shown for stage in stages)
    cells = [
        (
            stage,
            *(unit.show(rows.row(metric, stage=stage)) for metric in shown),
            rows.number("queue_open_mean", stage=stage),
            rows.number("queue_max", stage=stage),
            rows.number("overnight", stage=stage),
            rows.share("lane_utilisation", stage=stage),
            *([rows.number("outage_h", stage=stage)] if breaks_down else []),
        )
        for stage in stages
    ]
    columns = ["", *shown.values(), "queue while open", "longest queue", "queue at closing", "lanes in use"]
    columns += ["hours out"] if breaks_down else []
    return f"By stage, times in {unit.name}", Table.of(columns, cells)


def _recovery_table(rows: Rows, stages: Sequence[Stage]) -> Table | None:
    """The port, and each stage at which anybody waited as it opened again after a closure; None without closures."""
    parts: list[dict[str, str]] = [{}, *({"stage": stage.name} for stage in stages)]
    cells = [
        (
            part.get("stage", "the port"),
            rows.number("recovery_h", **part),
            rows.number("recovery_max_h", **part),
            rows.share("recovered_share", **part),
            rows.number("backlog_h", **part) if "stage" not in part else "-",
        )
        for part in parts
        if (longest := rows.row("recovery_max_h", **part)) is not None and (longest.mean > 0 or not part)
    ]
    columns = ("", "queue gone, mean", "longest of all", "gone before the end", "95 % of those held up are out")
    return Table.of(columns, cells) if cells else None


def _pool_table(rows: Rows, pools: Sequence[str]) -> Table | None:
    columns = {"officer_hours": "hours on the roster", "overtime_hours": "hours of overtime", "officer_cost": "cost"}
    shown = [metric for metric in columns if any(rows.row(metric, pool=pool) for pool in pools)]
    cells = [
        (
            pool,
            rows.share("officer_utilisation", pool=pool),
            *(rows.number(metric, pool=pool) for metric in shown),
        )
        for pool in pools
    ]
    return Table.of(("", "in use", *(columns[metric] for metric in shown)), cells) if cells else None


def _target_table(rows: Rows, scenario: Scenario) -> Table | None:
    """Each target beside what was reached, and the share of units that stayed within the same time."""
    flows = [flow.name for flow in scenario.flows]
    cells = [
        (
            target,
            f"{limit:g}",
            rows.number(target),
            _verdict(rows, target, limit),
            rows.share(f"within_target_{target}"),
            *(rows.share(f"within_target_{target}", flow=flow) for flow in flows),
        )
        for target, limit in scenario.targets.items()
    ]
    columns = ("", "at most, min", "reached, min", "", f"units within {_join(scenario.targets.values())} min", *flows)
    return Table.of(columns, cells) if cells else None


def _verdict(rows: Rows, target: str, limit: float) -> str:
    row = rows.row(target)
    if row is None:
        return UNDEFINED
    if row.mean > limit:
        return "missed"
    return "not known" if row.method.startswith("lower bound") else "met"


def _join(limits: Iterable[float]) -> str:
    return " or ".join(dict.fromkeys(f"{limit:g}" for limit in limits))


def _closing(run: Run) -> list[Line]:
    lines = [Line(f"numbers: {source_counts(run.scenario)}; see portsim check")]
    if run.stopped is not None:
        lines.append(Line(f"incomplete: {run.warnings[0]}"))
    elif run.is_interrupted:
        lines.append(Line(run.warnings[0]))
    if run.warnings:
        lines.append(Line(f"warnings: {len(run.warnings)}, on standard error"))
    return lines
