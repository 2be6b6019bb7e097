"""A region: several scenarios over one stretch of time, each on its own, and what they add up to."""

from __future__ import annotations

import csv
import json
import math
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import portsim as ps
from portsim import experiments, yamlfile
from portsim.cli import app
from portsim.results import Measure
from portsim.results.totals import ADDITIVE, add_up, summarise_region
from portsim.scenario.region import port_seed

# Two ports with a flow of the same name. West: ten a day by chance, ten minutes each, Bishkek. East: four at noon.
WEST = """\
portsim: 1
name: West
port: west
from: 2024-01-01
to: 2024-01-05
windows:
  first: {from: 2024-01-01 00:00, to: 2024-01-02 00:00}
  then: {from: 2025-03-03 02:00, to: 2025-03-03 12:00}
sides:
  own: {timezone: Asia/Bishkek}
stages:
  check: {counted: true, lanes: 1, service: 10 min}
flows:
  out: {kind: truck, direction: out, persons: 2, journey: [check], arrivals: {per_day: 10}}
plans:
  slow: {stages.check.service: 20 min}
sources:
  stages.check.service: {assumed: made up}
  flows.out.arrivals: {assumed: made up}
"""

EAST = """\
portsim: 1
name: East
port: east
from: 2023-01-01
to: 2023-01-05
sides:
  own: {timezone: Asia/Shanghai}
officers:
  police: {level: 2, cost_per_hour: 10}
stages:
  check: {counted: true, lanes: 1, service: 10 min, officers: {police: 1}}
flows:
  out: {kind: bus, direction: out, persons: 3, journey: [check], arrivals: {timetable: [{at: "12:00", units: 4}]}}
sources:
  stages.check.service: {assumed: made up}
  flows.out.arrivals: {assumed: made up}
  officers: {assumed: made up}
"""

REGION = """\
portsim: 1
region: Two ports
from: 2025-03-03 00:00
to: 2025-03-05 00:00
timezone: Asia/Shanghai
seed: 7
ports:
  west: {scenario: west.yaml, plan: slow, set: {stages.check.lanes: 2}}
  east: east.yaml
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "west.yaml").write_text(WEST)
    (tmp_path / "east.yaml").write_text(EAST)
    (tmp_path / "region.yaml").write_text(REGION)
    monkeypatch.chdir(tmp_path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def problems_of(text: str) -> list[str]:
    Path("region.yaml").write_text(text)
    with pytest.raises(ps.ScenarioError) as error:
        ps.load("region.yaml")
    return [str(problem) for problem in error.value.problems]


def value(run: ps.RegionRun, metric: str, port: str, **part: str) -> float:
    [row] = [
        row
        for row in run.rows
        if (row.metric, row.port) == (metric, port)
        and all(getattr(row, name) == part.get(name) for name in ("flow", "kind", "direction", "stage", "pool"))
    ]
    return row.mean


# ---- reading ---------------------------------------------------------------------------------------------------


def test_a_region_has_its_ports_over_its_own_stretch_each_by_its_own_clock():
    """Midnight in Shanghai is 22:00 of the day before in Bishkek."""
    region = ps.load("region.yaml")
    assert isinstance(region, ps.Region)
    assert (region.name, region.clock, region.seed) == ("Two ports", "Asia/Shanghai", 7)
    assert [port.name for port in region.ports] == ["west", "east"]
    for port in region.ports:
        scenario = port.scenario
        assert (scenario.start_ms, scenario.end_ms) == (region.start_ms, region.end_ms)
        assert scenario.measure_from_ms == region.start_ms == region.measure_from_ms
    west, east = region.ports
    assert "from=2025-03-02 22:00" in west.sets
    assert "from=2025-03-03 00:00" in east.sets
    assert west.scenario.plan == "slow"
    assert east.scenario.plan is None


def test_the_clock_of_a_region_is_that_of_its_first_port_unless_it_says_one():
    Path("region.yaml").write_text(REGION.replace("timezone: Asia/Shanghai\n", ""))
    region = ps.load("region.yaml")
    assert region.clock == "Asia/Bishkek"
    assert "from=2025-03-03 00:00" in region.ports[0].sets
    assert "from=2025-03-03 02:00" in region.ports[1].sets


def test_windows_of_a_port_outside_the_stretch_are_left_out_with_a_warning_and_others_kept():
    region = ps.load("region.yaml")
    assert [window.name for window in region.ports[0].scenario.windows] == ["then"]
    assert region.warnings[0] == "west: left out, as they lie outside the region's stretch: windows first"


def test_settings_of_a_port_are_laid_on_it_and_settings_of_the_region_on_the_region():
    region = ps.load("region.yaml", sets=["ports.west.set.stages.check.lanes=3", "ports.west.plan=null", "seed=9"])
    assert (region.seed, region.ports[0].scenario.plan) == (9, None)
    assert region.ports[0].sets[0] == "stages.check.lanes=3"
    assert [port.name for port in ps.load("region.yaml", sets=["ports.east=null"]).ports] == ["west"]
    added = ps.load("region.yaml", sets=["ports.other=west.yaml", "ports.east.scenario=west.yaml"])
    assert [port.scenario.port for port in added.ports] == ["west", "west", "west"]


def test_a_value_of_several_parts_reaches_the_port_whole():
    text = REGION.replace("set: {stages.check.lanes: 2}", "set: {stages: {check: {lanes: {8-20: 2, 20-8: 1}}}}")
    Path("region.yaml").write_text(text)
    assert 'stages.check.lanes={"8-20": 2, "20-8": 1}' in ps.load("region.yaml").ports[0].sets


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("timezone:", "timezon:", "region.yaml:5:1: timezon: unknown key; did you mean 'timezone'?"),
        (
            "plan: slow",
            "plann: slow",
            "region.yaml:8:31: ports.west.plann: unknown key; did you mean 'plan'?",
        ),
        (
            "plan: slow",
            "plan: slwo",
            "region.yaml:8:37: ports.west.plan: there is no plan 'slwo' in west.yaml; did you mean 'slow'?",
        ),
        (
            "lanes: 2",
            "lanes: -2",
            "region.yaml:8:69: ports.west.set.stages.check.lanes: got -2; it must be a whole number from 0 to 10000",
        ),
        (
            "stages.check.lanes",
            "stages.chekc.lanes",
            "region.yaml:8:69: ports.west.set.stages.chekc.lanes: there is no 'chekc' under stages; "
            "did you mean 'check'?",
        ),
        (
            "stages.check.lanes: 2",
            "seed: 2",
            "region.yaml:8:55: ports.west.set.seed: 'seed' is the same for all ports; write it at the top of the "
            "region",
        ),
        (
            "east: east.yaml",
            "east: wset.yaml",
            "region.yaml:9:9: ports.east: there is no file 'wset.yaml' in the scenario's folder; "
            "did you mean 'west.yaml'?",
        ),
        (
            "east: east.yaml",
            "east: tiyn",
            "region.yaml:9:9: ports.east: there is no shipped scenario 'tiyn'; did you mean 'tiny'?",
        ),
        (
            "east: east.yaml",
            "east: region.yaml",
            "region.yaml:9:9: ports.east: is a region itself; name the scenarios of its ports instead",
        ),
        (
            "east: east.yaml",
            "West: east.yaml",
            "region.yaml:9:3: ports.West: differs from 'west' only in small and capital letters; give another name",
        ),
        (
            "east: east.yaml",
            "2e: east.yaml",
            "region.yaml:9:3: ports.2e: '2e' is not a name: a name begins with a letter, then letters, digits, '_' or "
            "'-', at most 64 in all",
        ),
        (
            "region: Two ports",
            "region: west",
            "region.yaml:8:3: ports.west: is also the name of the region; call one of them something else",
        ),
        (
            "to: 2025-03-05 00:00",
            "to: 2025-03-03 00:00",
            "region.yaml:4:5: to: is 2025-03-03 00:00, not after `from`, 2025-03-03 00:00; a run ends after it begins",
        ),
        (
            "seed: 7",
            "measure_from: 2025-03-05",
            "region.yaml:6:15: measure_from: lies outside the run: write a time from 2025-03-03 00:00 to before "
            "2025-03-05 00:00",
        ),
        (
            "Asia/Shanghai",
            "Asia/Shanghi",
            "region.yaml:5:11: timezone: unknown time zone 'Asia/Shanghi'; write an IANA zone name such as "
            "Asia/Shanghai; did you mean 'Asia/Shanghai'?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_cure(old, new, message):
    assert message in problems_of(REGION.replace(old, new))


def test_a_region_needs_a_port_and_a_stretch():
    assert sorted(problems_of("portsim: 1\nregion: Nothing\n")) == [
        "region.yaml:1:1: from: is required: when every port's run begins, by the region's clock, in place of what the "
        "scenarios say",
        "region.yaml:1:1: ports: is required: at least one port with its scenario",
        "region.yaml:1:1: to: is required: when every port's run ends, by the region's clock",
    ]
    wrong = problems_of(REGION.partition("ports:")[0] + "ports: [west.yaml]\n")
    assert "region.yaml:7:8: ports: got a list; write ports by name, each with its scenario" in wrong


def test_problems_of_every_port_are_reported_at_once_in_their_own_files():
    Path("west.yaml").write_text(WEST.replace("lanes: 1", "lanes: many"))
    Path("east.yaml").write_text(EAST.replace("kind: bus", "knd: bus"))
    found = problems_of(REGION.replace(", set: {stages.check.lanes: 2}", ""))
    assert any(problem.startswith("west.yaml:12:33: stages.check.lanes: got 'many'") for problem in found)
    assert any(
        problem.startswith("east.yaml:13:9: flows.out.knd: unknown key; did you mean 'kind'?") for problem in found
    )


def test_a_region_has_no_plans_of_its_own():
    result = call("run", "region.yaml", "--plan", "slow")
    assert result.exit_code == 3
    assert "a region has no plans; name one for each port: --set ports.NAME.plan=slow, or in the file" in result.stderr


def test_a_setting_for_a_port_that_is_not_there_is_refused():
    result = call("check", "region.yaml", "--set", "ports.wset.plan=slow")
    assert result.exit_code == 3
    assert "there is no 'wset' under ports; did you mean 'west'?" in result.stderr


@pytest.mark.parametrize("command", [("describe", "region.yaml"), ("check", "extends.yaml")])
def test_where_a_scenario_is_wanted_a_region_says_what_it_is(command):
    Path("extends.yaml").write_text("portsim: 1\nextends: region.yaml\nname: x\n")
    result = call(*command)
    assert result.exit_code == 3
    assert (
        "region.yaml:2:1: region: this is a region, and what is wanted here is a scenario; name that of one of its "
        "ports (west, east)"
    ) in result.stderr


def test_a_region_may_be_read_from_text():
    text = "portsim: 1\nregion: R\nfrom: 2025-01-01\nto: 2025-01-02\nports: {one: tiny, two: tiny}\n"
    region = ps.load_text(text)
    assert [port.source for port in region.ports] == ["tiny", "tiny"]


def test_the_schema_of_a_region_has_every_key_and_explains_it():
    schema = ps.json_schema(region=True)
    port = schema["$defs"]["RegionPortModel"]
    assert list(schema["properties"]) == [
        "portsim", "region", "description", "from", "to", "measure_from", "timezone", "records", "seed", "ports",
    ]  # fmt: skip
    assert list(port["properties"]) == ["scenario", "plan", "set"]
    assert schema["required"] == ["portsim", "region", "from", "to", "ports"]
    every = [*schema["properties"].values(), *port["properties"].values()]
    assert all(key["description"] for key in every)
    assert schema["additionalProperties"] is False
    references = re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema))
    assert set(references) == schema["$defs"].keys()
    assert json.loads(call("schema", "--region").stdout) == schema


SHIPPED = [Path(__file__).resolve().parent.parent / "scenarios" / f"{name}.yaml" for name, _ in ps.regions()]


@pytest.mark.parametrize("name", [path.stem for path in SHIPPED])
def test_a_shipped_region_is_valid_and_every_number_of_it_has_a_source(name):
    result = ps.check(name)
    assert result.is_valid, result.problems
    assert {port: len(check.report.unsourced) for port, check in result.ports.items()} == dict.fromkeys(result.ports, 0)
    assert name not in dict(ps.scenarios())


# ---- running ---------------------------------------------------------------------------------------------------


def test_a_port_of_a_region_gives_what_it_gives_alone_with_its_seed_and_settings():
    region = ps.load("region.yaml")
    run = ps.run(region, replications=3)
    for port in region.ports:
        alone = ps.run(
            f"{port.name}.yaml", plan=port.scenario.plan, sets=port.sets, seed=port_seed(7, port.name), replications=3
        )
        assert str(alone.data.measures) == str(run.ports[port.name].data.measures)
        assert alone.rows == run.ports[port.name].rows or str(alone.rows) == str(run.ports[port.name].rows)
    lines = str(run).splitlines()
    assert (
        f"portsim run west.yaml --plan slow --seed {port_seed(7, 'west')} --set stages.check.lanes=2 "
        "--set 'from=2025-03-02 22:00' --set 'to=2025-03-04 22:00' --set 'measure_from=2025-03-02 22:00' "
        "--set windows.first=null"
    ) in lines


def test_the_printed_command_of_a_port_gives_its_figures():
    run = ps.run("region.yaml", replications=2)
    command = next(line for line in str(run).splitlines() if line.startswith("portsim run west.yaml"))
    alone = json.loads(call(*shlex.split(command)[1:], "-n", "2", "--json").stdout)
    assert alone["metrics"] == run.to_dict()["ports"]["west"]["run"]["metrics"]


def test_ports_with_flows_of_the_same_name_are_not_the_same_trucks():
    """The same scenario under two names: every replication differs, and over many the two are uncorrelated."""
    text = REGION.partition("ports:")[0] + "ports: {one: west.yaml, two: west.yaml}\n"
    run = ps.run(ps.load_text(text, folder=Path()), replications=60, keep="none")

    def crossings(port: str) -> list[float]:
        return [
            next(row.value for row in rows if row.metric == "crossings" and row.flow == "out")
            for rows in run.ports[port].data.measures
        ]

    one, two = crossings("one"), crossings("two")
    mean = [sum(values) / 60 for values in (one, two)]
    covariance = sum((a - mean[0]) * (b - mean[1]) for a, b in zip(one, two, strict=True))
    spread = [sum((value - middle) ** 2 for value in values) for values, middle in zip((one, two), mean, strict=True)]
    assert one != two
    assert abs(covariance / math.sqrt(spread[0] * spread[1])) < 0.4


def test_the_seed_of_a_port_is_of_the_regions_seed_and_the_ports_name_alone():
    assert port_seed(7, "west") == port_seed(7, "west")
    assert len({port_seed(seed, name) for seed in range(50) for name in ("west", "east", "1 west")}) == 150
    assert all(port_seed(seed, "west") < 2**48 for seed in range(50))
    one = ps.run("region.yaml", replications=1, sets=["ports.east=null"])
    both = ps.run("region.yaml", replications=1)
    assert str(one.ports["west"].data.measures) == str(both.ports["west"].data.measures)


def test_totals_are_the_sums_of_the_ports_by_hand():
    """East: four buses of three on each of two days. West by itself: what it has, with trucks of two."""
    run = ps.run("region.yaml", replications=1)
    west = value(run, "crossings", "west")
    assert value(run, "crossings", "east") == 8
    assert value(run, "crossings", "Two ports") == west + 8
    assert value(run, "crossings", "Two ports", kind="bus") == 8
    assert value(run, "crossings", "Two ports", kind="truck") == west
    assert value(run, "crossings", "Two ports", direction="out") == west + 8
    assert value(run, "persons_per_day", "Two ports", kind="bus") == 12
    assert value(run, "officer_hours", "Two ports") == 96
    assert value(run, "officer_cost", "Two ports") == 960
    assert value(run, "arrived", "Two ports") == value(run, "arrived", "west") + 8
    assert {row.metric for row in run.rows if row.port == "Two ports"} <= ADDITIVE


def test_what_does_not_add_up_has_no_total():
    run = ps.run("region.yaml", replications=1)
    totals = {row.metric for row in run.rows if row.port == "Two ports"}
    assert not [metric for metric in totals if metric.endswith(("_min", "_max", "utilisation", "share"))]
    assert not totals & {"crossings_max_per_day", "crossings_p95_per_day", "in_port_max", "overnight"}
    assert not any(metric.startswith("crossings_in_") for metric in totals)


def measured(value: float, *, metric: str = "crossings", kind: str | None = None, pool: str | None = None) -> Measure:
    return Measure(metric, "x", None, kind, None, None, pool, value)


def test_the_interval_of_a_total_is_that_of_the_sums_not_a_sum_of_intervals():
    """10 and 20 against 20 and 10: the ports vary, their sum does not."""
    ports = {"a": [[measured(10)], [measured(20)]], "b": [[measured(20)], [measured(10)]]}
    rows = summarise_region("R", ports, list(zip(*ports.values(), strict=True)))
    total = rows[0]
    assert (total.port, total.mean, total.ci_low, total.ci_high, total.n) == ("R", 30, 30, 30, 2)
    assert rows[1].ci_high - rows[1].ci_low > 100
    assert [row.port for row in rows] == ["R", "a", "b"]


def test_a_kind_that_does_not_come_to_a_port_adds_nothing_and_an_undefined_figure_makes_the_total_so():
    of_one = [measured(3), measured(3, kind="truck")]
    of_other = [measured(math.nan), measured(5, kind="train")]
    totals = {row.kind: row.value for row in add_up([of_one, of_other])}
    assert math.isnan(totals[None])
    assert (totals["truck"], totals["train"]) == (3, 5)


def test_a_port_without_officers_costs_nothing():
    with_officers = [measured(40, metric="officer_cost", pool="police"), measured(40, metric="officer_cost")]
    without = [measured(math.nan, metric="officer_cost")]
    assert [row.value for row in add_up([with_officers, without])] == [40]
    assert math.isnan(add_up([without])[0].value)


def test_a_total_is_a_lower_bound_if_it_is_one_in_a_port():
    sets = ["ports.west.set.stages.check.service=1 d", "ports.west.plan=null"]
    run = ps.run("region.yaml", sets=sets, replications=1)
    [row] = [row for row in run.rows if (row.port, row.metric) == ("Two ports", "truck_hours_lost")]
    assert row.method == "lower bound, one replication: no interval"
    assert "≥" in next(line for line in str(run).splitlines() if line.startswith("hours lost by delay"))


def test_replications_are_numbered_and_the_seed_can_be_given():
    run = ps.run("region.yaml", replications=range(3, 5), seed=11)
    assert run.data.numbers == (3, 4)
    assert run.ports["west"].data.numbers == (3, 4)
    assert run.data.seed == 11
    assert run.ports["west"].data.seed == port_seed(11, "west")
    with pytest.raises(ValueError, match="at least one replication is needed"):
        ps.run("region.yaml", replications=0)


def test_a_result_shows_itself_and_has_a_table_of_all_rows():
    run = ps.run("region.yaml", replications=2)
    assert str(run).startswith("Two ports\n")
    assert run._repr_html_().startswith("<div>")
    frame = run.summary()
    assert set(frame["port"]) == {"Two ports", "west", "east"}
    assert len(run.ports["west"].units) > 0
    assert run.stopped is None


def test_json_has_the_totals_and_the_run_of_every_port():
    document = json.loads(call("run", "region.yaml", "-n", "2", "--json", "-q").stdout)
    assert document["schema"] == "portsim.region/1"
    assert (document["region"], document["seed"], document["replications"]) == ("Two ports", 7, 2)
    assert document["window"] == {"from": "2025-03-03T00:00:00+08:00", "to": "2025-03-05T00:00:00+08:00"}
    assert {row["port"] for row in document["totals"]} == {"Two ports"}
    assert list(document["ports"]) == ["west", "east"]
    west = document["ports"]["west"]
    assert west["run"]["schema"] == "portsim.run/1"
    assert west["run"]["seed"] == port_seed(7, "west")
    assert west["source"] == "west.yaml"
    assert document == json.loads(call("run", "region.yaml", "-n", "2", "--json", "-q").stdout)


# ---- ending early ----------------------------------------------------------------------------------------------


def test_a_port_that_stops_in_the_first_replication_is_named_and_there_are_no_totals():
    sets = ["ports.east.set.limits.units_in_port=3"]
    result = call("run", "region.yaml", "-n", "3", "-o", "out", "--no-plots", *(f"--set={text}" for text in sets))
    assert result.exit_code == 4
    assert "east: replication 0 stopped at 2025-03-03 12:00" in result.stderr
    assert "port east had to stop in replication 0, the first; there are no totals" in result.stderr
    assert "All ports together" not in result.stdout
    run = ps.run("region.yaml", sets=sets, replications=3)
    assert run.stopped is not None
    assert run.stopped.startswith("port east: replication 0 stopped")
    assert run.data.numbers == ()
    assert run.ports["west"].data.numbers == run.ports["east"].data.numbers == (0,)
    assert ps.verify("out").is_identical


def test_a_port_that_stops_later_ends_the_run_with_the_replications_before_it_in_every_port():
    """West holds more and more units; with a limit between two replications it stops in the later one."""
    slow = "ports.west.set.stages.check.service=3 h"
    free = ps.run("region.yaml", sets=[slow], replications=6, seed=1)
    most = [
        max(row.value for row in rows if row.metric == "in_port_max" and row.stage is None)
        for rows in free.ports["west"].data.measures
    ]
    first = next(number for number, value in enumerate(most) if value > most[0])
    sets = [slow, f"ports.west.set.limits.units_in_port={int(most[0])}"]
    run = ps.run("region.yaml", sets=sets, replications=6, seed=1, folder="out")
    assert first > 0
    assert run.stopped is not None
    assert f"replication {first} stopped" in run.stopped
    assert run.data.numbers == tuple(range(first))
    assert run.ports["west"].data.numbers == run.ports["east"].data.numbers == tuple(range(first))
    assert {row.n for row in run.rows if row.metric == "crossings"} == {first}
    assert not Path(f"out/east/replications/{first:04d}").exists()
    assert Path(f"out/west/replications/{first:04d}").exists()
    assert ps.verify("out").is_identical


@pytest.mark.parametrize("after", [3, 4])
def test_ctrl_c_leaves_the_replications_that_all_ports_have_done(after):
    """Two ports: after three plays west has two replications and east one."""
    played = []

    def on_replication(replication):
        played.append(replication.number)
        if len(played) == after:
            raise KeyboardInterrupt

    run = ps.run("region.yaml", replications=5, folder="out", on_replication=on_replication)
    assert run.is_interrupted
    assert run.data.numbers == (0,)
    assert run.ports["west"].data.numbers == run.ports["east"].data.numbers == (0,)
    assert run.warnings[0] == "interrupted: the figures are of 1 of 5 replications"
    assert {row.n for row in run.rows if row.metric == "crossings"} == {1}
    assert sorted(path.name for path in Path("out/west/replications").iterdir()) == ["0000"]
    assert ps.verify("out").is_identical


def test_ctrl_c_before_every_port_has_one_replication_is_raised():
    def on_replication(replication):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ps.run("region.yaml", replications=5, on_replication=on_replication)


# ---- the folder ------------------------------------------------------------------------------------------------


@pytest.fixture
def out() -> Path:
    ps.run("region.yaml", replications=2, folder="out")
    return Path("out")


def test_a_region_folder_has_a_run_folder_for_each_port_and_the_totals(out):
    assert sorted(path.name for path in out.iterdir()) == [
        "east", "manifest.json", "region.yaml", "summary.csv", "totals.csv", "west",
    ]  # fmt: skip
    with (out / "totals.csv").open(encoding="utf-8", newline="") as file:
        totals = list(csv.DictReader(file))
    for number in ("0000", "0001"):
        ports = 0.0
        for port in ("west", "east"):
            with (out / port / "replications" / number / "measures.csv").open(encoding="utf-8", newline="") as file:
                ports += sum(
                    float(row["value"])
                    for row in csv.DictReader(file)
                    if row["metric"] == "crossings" and row["direction"] == "out"
                )
        [total] = [
            row
            for row in totals
            if (row["replication"], row["metric"], row["direction"]) == (number[-1], "crossings", "out")
        ]
        assert float(total["value"]) == ports
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["schema"] == "portsim.region-folder/1"
    assert [port["seed"] for port in manifest["ports"]] == [port_seed(7, "west"), port_seed(7, "east")]


def test_the_region_in_the_folder_is_the_region_as_it_was_run(out):
    said = yamlfile.read(out / "region.yaml").value
    assert said["ports"]["east"] == {"scenario": "east.yaml"}
    assert said["seed"] == 7


def test_a_region_folder_is_verified_whole(out):
    result = call("verify", "out")
    assert result.exit_code == 0
    assert result.stdout.startswith("identical: 2 replications, ")


def test_the_same_region_gives_the_same_bytes(out):
    ps.run("region.yaml", replications=2, folder="again")
    for path in sorted(out.rglob("*.csv")):
        assert path.read_bytes() == (Path("again") / path.relative_to(out)).read_bytes(), path


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("west/replications/0001/measures.csv", "changed after the run"),
        ("east/scenario.yaml", "changed after the run"),
        ("totals.csv", "changed after the run"),
        ("summary.csv", "changed after the run"),
        ("region.yaml", "changed after the run"),
        ("east/manifest.json", "not the one the region's manifest lists"),
        ("manifest.json", "its own sha256 does not fit it"),
    ],
)
def test_a_changed_byte_anywhere_is_found(out, file, said):
    text = (out / file).read_bytes()
    (out / file).write_bytes(text.replace(b"e", b"a", 1))
    verification = ps.verify(out)
    assert not verification.is_identical
    assert file in {difference.file for difference in verification.differences}
    assert said in str(verification)
    assert call("verify", "out").exit_code == 3


@pytest.mark.parametrize("file", ["west/manifest.json", "totals.csv", "east/summary.csv"])
def test_a_missing_file_is_found(out, file):
    (out / file).unlink()
    assert file in {difference.file for difference in ps.verify(out).differences}


def test_a_port_folder_of_another_run_is_found(out):
    ps.run("region.yaml", replications=2, folder="other", seed=8)
    shutil.rmtree(out / "west")
    shutil.move("other/west", out / "west")
    [difference] = ps.verify(out).differences
    assert difference.file == "west/manifest.json"


def test_what_is_no_part_of_the_run_is_a_warning(out):
    (out / "notes.txt").write_text("mine")
    (out / "west" / "more.txt").write_text("mine")
    verification = ps.verify(out)
    assert verification.is_identical
    assert verification.warnings == ("notes.txt is not part of the run", "west/more.txt is not part of the run")


@pytest.mark.parametrize("command", [("plot", "out"), ("trace", "out", "--longest"), ("describe", "out")])
def test_commands_that_want_a_port_say_so_of_a_region_folder(out, command):
    result = call(*command)
    assert result.exit_code == 3
    assert "out: is the folder of a region, and what is wanted is that of a port: name one inside it" in result.stderr


def test_pictures_are_drawn_for_every_port_and_a_port_is_traced_and_plotted():
    assert call("run", "region.yaml", "-n", "1", "-o", "drawn").exit_code == 0
    assert all((Path("drawn") / port / "plots" / "queue.png").is_file() for port in ("west", "east"))
    assert call("trace", "drawn/east", "--unit", "3").exit_code == 0


def test_a_folder_with_something_in_it_is_refused(out):
    result = call("run", "region.yaml", "-o", "out")
    assert result.exit_code == 3
    assert "out: is not empty, and runs are never overwritten" in result.stderr


# ---- the commands ----------------------------------------------------------------------------------------------


def test_check_shows_every_port_and_says_what_is_wrong():
    result = call("check", "region.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith("valid: Two ports\n")
    assert ["west", "west.yaml", "slow", "out"] in [line.split()[:4] for line in result.stdout.splitlines()]
    document = json.loads(call("check", "region.yaml", "--json").stdout)
    assert (document["schema"], document["valid"]) == ("portsim.check-region/1", True)
    assert document["ports"]["west"]["schema"] == "portsim.check/1"
    wrong = json.loads(call("check", "region.yaml", "--json", "--set", "to=2020-01-01").stdout)
    assert (wrong["valid"], wrong["ports"]) == (False, {})
    assert wrong["problems"][0]["key"] == "to"


def test_checking_a_region_loads_no_arrays():
    code = (
        "import sys; sys.argv = ['portsim', 'check', 'region.yaml']\n"
        "from portsim.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert 'pydantic' in sys.modules and not {'numpy', 'simpy', 'pandas'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_checking_a_region_from_python():
    check = ps.check("region.yaml")
    assert check.is_valid
    assert check.region is not None
    assert list(check.ports) == ["west", "east"]
    assert "valid: Two ports" in str(check)
    assert check._repr_html_().startswith("<div>")
    wrong = ps.check("region.yaml", sets=["ports=null"])
    assert (wrong.is_valid, wrong.region) == (False, None)
    assert "at least one port with its scenario" in str(wrong)


def test_list_names_the_shipped_regions():
    shown = call("list").stdout
    for name, title in ps.regions():
        assert [name, title] in [line.split(maxsplit=1) for line in shown.splitlines()]


def test_a_run_in_memory_is_a_region_run_of_experiments():
    assert isinstance(ps.run("region.yaml", replications=1).data, experiments.RegionRun)
