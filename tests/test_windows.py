"""Named stretches of time: what is counted in them, and which published figure it stands beside."""

from __future__ import annotations

import pytest

from portsim import ScenarioError, facts, load_text, run
from portsim.views.published import compared_with

PORT = """
portsim: 1
name: a day of everything
port: test
from: 2025-03-03 00:00
to: 2025-03-04 00:00
sides: {here: {timezone: Asia/Shanghai}}
stages: {gate: {counted: true, service: 1 min}}
flows:
  carriers:
    {kind: carrier, direction: out, goods: 6, persons: 2, journey: [gate],
     arrivals: {timetable: [{at: "10:00", units: 3}]}}
  cars: {kind: car, direction: out, persons: 4, journey: [gate], arrivals: {timetable: [{at: "11:00", units: 5}]}}
  walkers: {kind: traveller, direction: in, journey: [gate], arrivals: {timetable: [{at: "12:00", units: 7}]}}
windows:
  whole: {from: 2025-03-03 00:00, to: 2025-03-04 00:00}
  vehicles: {from: 2025-03-03 00:00, to: 2025-03-04 00:00, kinds: [carrier, car]}
  before_noon: {from: 2025-03-03 00:00, to: 2025-03-03 10:30, kinds: [carrier, car]}
"""


def counted(name: str, **part: str) -> tuple[float, float, float]:
    """Crossings, persons and goods in a window."""
    rows = run(load_text(PORT), replications=1).rows
    where = {"flow": None, "kind": None, "direction": None} | part
    found = {
        row.metric: row.mean
        for row in rows
        if row.metric.endswith(f"_in_{name}") and all(getattr(row, key) == value for key, value in where.items())
    }
    return tuple(found[f"{what}_in_{name}"] for what in ("crossings", "persons", "goods"))  # type: ignore[return-value]


def test_a_window_counts_units_and_the_persons_and_goods_aboard() -> None:
    assert counted("whole") == (3 + 5 + 7, 3 * 2 + 5 * 4 + 7, 3 * 6)


def test_a_window_may_count_some_kinds_only() -> None:
    assert counted("vehicles") == (3 + 5, 3 * 2 + 5 * 4, 3 * 6)
    assert counted("vehicles", flow="walkers") == (0, 0, 0)
    assert counted("before_noon") == (3, 6, 18)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ("[lorry]", "no flow is of the kind 'lorry'"),
        ("[car, car]", "'car' stands twice; name each kind once"),
        ("car", "write kinds as a list, for instance [bus, car]"),
    ],
)
def test_a_kind_that_is_not_there_is_named_with_its_place(kinds: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(PORT.replace("[carrier, car]}\n  before", f"{kinds}}}\n  before"))
    assert "scenario.yaml:17:" in str(caught.value)
    assert "windows.vehicles.kinds" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fact", "what"),
    [
        ("irkeshtam.vehicles_spring_2025", "crossings"),
        ("irkeshtam.persons_to_2025_06_01", "persons"),
        ("horgos.vehicles_exported_to_2025_10_24", "goods"),  # vehicles as goods, on carriers
        ("xinjiang.china_europe_teu_2021", None),  # containers of twenty feet are no unit of a scenario
        ("irkeshtam.customs_gate", None),  # a duration
    ],
)
def test_a_figure_stands_beside_what_it_counts(fact: str, what: str | None) -> None:
    assert compared_with(facts()[fact]) == what
