"""Runs keep to queueing theory: scenario text in, measures out, each number within four standard errors.

The cases are those of `tests/verification.py`; `python -m pytest -m deep` repeats them with ten times as many
replications and holds the table of docs/verification.md to what it finds.
"""

from __future__ import annotations

import pytest

from portsim.experiments import replicate
from portsim.scenario import load_text
from tests import theory, verification
from tests.verification import LONGER, flow, port, present

CASES = list(verification.cases())
PAGE = verification.PAGE.read_text(encoding="utf-8")

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_a_run_keeps_to_theory(engine_name, case):
    for finding in case.findings(engine=engine_name):
        assert abs(finding.z) < 4, finding


@pytest.mark.deep
@every_case
def test_a_long_run_keeps_to_theory_and_stands_in_the_table(engine_name, case):
    for finding in case.findings(engine=engine_name, times=LONGER):
        assert abs(finding.z) < 4, finding
        assert f"{finding}\n" in PAGE, "run `python -m tests.verification` and look at what has changed"


@pytest.mark.deep
@every_case
def test_a_port_the_theory_does_not_fit_is_noticed(engine_name, case):
    """One lane or officer more, another order, another distribution: a number leaves its interval."""
    findings = case.with_other().findings(engine=engine_name)
    assert max(abs(finding.z) for finding in findings) > 4


def test_the_table_has_a_row_for_each_number_of_theory():
    rows = PAGE.split(verification.BEGIN)[1].split(verification.END)[0].strip().splitlines()
    expected = [(case.name, what, f"{theory:.5g}") for case in CASES for what, (theory, _) in case.expected.items()]
    assert "\n".join(rows[:2]) + "\n" == verification.HEADER
    assert [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in rows[2:]] == expected
    assert all(abs(float(row.split("|")[6])) < 4 for row in rows[2:])


def test_the_states_a_day_is_cut_off_at_are_never_reached():
    assert verification.finished_day().truncated < 1e-6
    assert verification.handed_over_day().truncated < 1e-6


def test_lanes_and_officers_by_shift_give_the_same_waits(engine_name):
    """With lanes enough, officers who finish their last truck bind as lanes do: the same draws, the same ticks."""
    by_name = {case.name: case for case in CASES}
    lanes = "M/M/c(t), lanes by shift"
    runs = [
        replicate(load_text(by_name[name].scenario), replications=1, keep="all", engine=engine_name).kept[0].records
        for name in (lanes, "M/M/c(t), officers by shift, who finish")
    ]
    for column in ("joined", "started", "ended", "left"):
        assert runs[0].visits[column].tolist() == runs[1].visits[column].tolist()


@pytest.mark.parametrize(("closed", "recovery"), [("08:00", 16), ("04:00", 8)])
def test_the_backlog_of_a_closed_gate_is_gone_when_the_fluid_limit_says(engine_name, closed, recovery):
    """A truck every 30 s, 20 s each at the gate: after 8 hours 960 stand there, and one fewer a minute from then on.

    Waits fall evenly from the length of the closure to nothing: half of it on average for all who came until then.
    """
    hours = int(closed[:2])
    assert theory.fluid_recovery(120, 180, hours) == (recovery, hours / 2)
    scenario = port(
        stages=f"gate: {{lanes: 1, closed: [2025-01-01 00:00..2025-01-01 {closed}], service: 20 s}}",
        flows=flow("trucks", "every: 30 s", journey="gate"),
        length=30 * 60,
    )
    replication = replicate(load_text(scenario), replications=1, keep="all", engine=engine_name).kept[0]
    joined, left = present(replication, "gate")
    backlog = (joined > 0) & (joined < (hours + recovery) * 3_600_000)
    waits = (left - joined - 20_000)[backlog]
    assert waits[0] == waits.max() == hours * 3_600_000 - 30_000
    assert waits.mean() == pytest.approx(hours * 1_800_000, abs=30_000)
    assert waits[-1] <= 10_000
    assert (left[~backlog][:100] - joined[~backlog][:100]).tolist() == [20_000] * 100
