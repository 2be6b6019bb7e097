"""Recorded arrivals and durations from CSV files: what is read, and what is said of everything that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portsim.errors import ScenarioError
from portsim.scenario import csvfile
from portsim.scenario.csvfile import locate
from portsim.scenario.recorded import read_arrivals, read_durations

MINUTE = 60_000
START = round(datetime(2025, 5, 23, 16, tzinfo=UTC).timestamp() * 1000)  # 24 May, 00:00 in Beijing
END = START + 86_400_000
BEIJING = "Asia/Shanghai"
CURE = "write for instance '2025-05-24 08:15' or '2025-05-24T08:15:00+08:00'"
FILE_CURE = "put the file beside the scenario and write its name, for instance 'arrivals.csv'"


def arrivals(folder, text, zone=BEIJING, start=START, end=END):
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "arrivals.csv").write_bytes(content)
    return read_arrivals("arrivals.csv", folder, zone, start, end)


def problems(folder, text, **options):
    with pytest.raises(ScenarioError) as caught:
        arrivals(folder, text, **options)
    return [str(problem) for problem in caught.value.problems]


def refusal(read, *values):
    with pytest.raises(ValueError) as caught:
        read(*values)
    return str(caught.value)


def test_arrivals_are_read_by_the_clock_of_the_first_side(tmp_path):
    recording = arrivals(tmp_path, "arrived_at\n2025-05-24 00:00\n2025-05-24 08:15:30\n2025-05-24T09:00\n")
    assert recording.arrivals.arrived_ms == (START, START + 495 * MINUTE + 30_000, START + 540 * MINUTE)
    assert recording.arrivals.file == "arrivals.csv"
    assert recording.arrivals.priority is recording.arrivals.persons is recording.arrivals.goods is None
    assert recording.dropped == 0


def test_a_time_with_an_offset_says_its_own_clock(tmp_path):
    text = (
        "arrived_at\n2025-05-24T08:00:00+08:00\n2025-05-24 06:00+0600\n2025-05-24T00:00:00Z\n2025-05-23 23:30-00:30\n"
    )
    assert arrivals(tmp_path, text).arrivals.arrived_ms == (START + 480 * MINUTE,) * 4


def test_optional_columns_in_any_order(tmp_path):
    recording = arrivals(
        tmp_path,
        "goods,priority,arrived_at,plate,persons\n"
        "3,high,2025-05-24 01:00,A1,1\n"
        "0,ordinary,2025-05-24 02:00,A2,2\n"
        "1,low,2025-05-24 03:00,A3,0\n"
        "2,-7,2025-05-24 04:00,,4\n",
    )
    assert recording.arrivals.priority == (-1, 0, 1, -7)
    assert recording.arrivals.persons == (1, 2, 0, 4)
    assert recording.arrivals.goods == (3, 0, 1, 2)
    assert recording.ignored == ("plate",)


def test_rows_are_sorted_by_time_and_keep_the_order_of_the_file_at_one_instant(tmp_path):
    recording = arrivals(
        tmp_path,
        "arrived_at,persons\n2025-05-24 02:00,3\n2025-05-24 01:00,4\n2025-05-24 02:00,1\n2025-05-24 01:00,2\n",
    )
    assert recording.arrivals.persons == (4, 2, 3, 1)
    assert recording.arrivals.arrived_ms == tuple(START + minutes * MINUTE for minutes in (60, 60, 120, 120))


def test_rows_outside_the_run_are_dropped_and_counted(tmp_path):
    text = (
        "arrived_at\n2025-05-23 23:59\n2025-05-24 00:00\n2025-05-24 23:59:59.999\n2025-05-25 00:00\n2026-01-01 00:00\n"
    )
    recording = arrivals(tmp_path, text)
    assert recording.arrivals.arrived_ms == (START, END - 1)
    assert recording.dropped == 3


def test_byte_order_mark_windows_line_ends_quotes_and_blank_lines_do_no_harm(tmp_path):
    text = b'\xef\xbb\xbf"arrived_at", note \r\n"2025-05-24 00:01","a, ""b""\r\nc"\r\n\r\n,\r\n2025-05-24 00:02,\r\n'
    assert arrivals(tmp_path, text).arrivals.arrived_ms == (START + MINUTE, START + 2 * MINUTE)


def test_every_wrong_cell_is_named_with_line_and_column(tmp_path):
    text = (
        "arrived_at,persons,priority\n"
        "2025-05-24 08:00,nan,high\n"
        "nan,-1,hihg\n"
        '"2025-05-24 09:00", 2.5,101\n'
        "2025-05-24,,low\n"
        "-5,99999,\n"
        "2025-05-24 25:00,1,low\n"
        ",1,low\n"
        "2025-05-24 10:00,1\n"
    )
    words = "a priority is high, ordinary, low or a whole number from -100 to 100"
    assert problems(tmp_path, text) == [
        "arrivals.csv:2:18: persons: got 'nan', which is not a whole number; write one from 0 to 10000",
        f"arrivals.csv:3:1: arrived_at: got 'nan', which has no clock time; {CURE}",
        "arrivals.csv:3:5: persons: got -1; it must be a whole number from 0 to 10000",
        f"arrivals.csv:3:8: priority: got 'hihg'; {words}; did you mean 'high'?",
        "arrivals.csv:4:20: persons: got '2.5', which is not a whole number; write one from 0 to 10000",
        "arrivals.csv:4:25: priority: got 101; it must be a whole number from -100 to 100",
        f"arrivals.csv:5:1: arrived_at: got '2025-05-24', which has no clock time; {CURE}",
        "arrivals.csv:5:12: persons: is empty; write a whole number, or leave the column out",
        f"arrivals.csv:6:1: arrived_at: got '-5', which has no clock time; {CURE}",
        "arrivals.csv:6:4: persons: got 99999; it must be a whole number from 0 to 10000",
        f"arrivals.csv:6:10: priority: got ''; {words}",
        "arrivals.csv:7:1: arrived_at: got '2025-05-24 25:00'; clock times go from 00:00 to 24:00, minutes and seconds "
        "from 00 to 59",
        f"arrivals.csv:8:1: arrived_at: is empty; {CURE}",
        "arrivals.csv:9:1: has 2 cells where the header has 3; write one for each",
    ]


def test_lines_are_counted_past_cells_that_hold_several(tmp_path):
    text = 'arrived_at,note\n2025-05-24 08:00,"a\nb"\nx:y,c\n'
    assert problems(tmp_path, text)[0].startswith("arrivals.csv:4:1: arrived_at: got 'x:y', which is not a local date")


def test_only_the_first_problems_are_shown_and_the_rest_counted(tmp_path):
    found = problems(tmp_path, "arrived_at\n" + "x\n" * 25)
    assert len(found) == 21
    assert found[-1] == "arrivals.csv: and 5 more problems"
    assert problems(tmp_path, "arrived_at\n" + "x\n" * 5000)[-1] == "arrivals.csv: and at least 980 more problems"


def test_a_cell_after_one_of_several_lines_has_its_own_line_and_column(tmp_path):
    text = 'note,arrived_at\n"a\nb,c",2025-05-24\n'
    assert problems(tmp_path, text)[0].startswith("arrivals.csv:3:6: arrived_at: got '2025-05-24', which has no clock")


def test_a_time_is_read_the_same_with_and_without_a_change_of_clocks_on_its_date(tmp_path):
    text = "arrived_at\n2025-03-08 12:00\n2025-03-09 12:00\n2025-03-09 12:00:00.0\n2025-03-10 12:00\n"
    recording = arrivals(tmp_path, text, zone="America/Toronto", start=0, end=2 * START)
    hours = [(at - recording.arrivals.arrived_ms[0]) / 3_600_000 for at in recording.arrivals.arrived_ms]
    assert hours == [0, 23, 23, 47]


def test_ambiguous_local_times_are_refused_with_their_place(tmp_path):
    text = "arrived_at\n2025-11-02 00:30\n2025-11-02 01:30\n2025-11-02T01:30:00-04:00\n"
    (problem,) = problems(tmp_path, text, zone="America/Toronto")
    assert problem.startswith("arrivals.csv:3:1: arrived_at: 2025-11-02 01:30 is ambiguous in America/Toronto")


def test_an_offset_beyond_fourteen_hours_is_refused(tmp_path):
    assert problems(tmp_path, "arrived_at\n2025-05-24 08:00+15:00\n") == [
        "arrivals.csv:2:1: arrived_at: got '2025-05-24 08:00+15:00', whose offset from UTC is not within 14 hours; "
        + CURE
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arived_at\n", ["arrivals.csv:1:1: arived_at: unknown column; did you mean 'arrived_at'?"]),
        ("Arrived_at\n", ["arrivals.csv:1:1: Arrived_at: unknown column; did you mean 'arrived_at'?"]),
        (
            "arrived_at,prioriy,persons,persons\n",
            [
                "arrivals.csv:1:12: prioriy: unknown column; did you mean 'priority'?",
                "arrivals.csv:1:28: persons: column 'persons' stands twice; keep one of them",
            ],
        ),
        (
            "time,plate\n",
            [
                "arrivals.csv:1:1: arrived_at: has no column 'arrived_at'; the first line names the columns, "
                "here 'time', 'plate'"
            ],
        ),
        (
            "arrived_at;plate\n2025-05-24 08:00;A\n",
            [
                "arrivals.csv:1:1: arrived_at: has no column 'arrived_at'; cells are separated by ';' here: "
                "save the table with commas"
            ],
        ),
        (
            "\narrived_at\tplate\n",
            [
                "arrivals.csv:2:1: arrived_at: has no column 'arrived_at'; cells are separated by a tab here: "
                "save the table with commas"
            ],
        ),
        ("arrived_at\n", ["arrivals.csv:1:1: has a header but no arrivals; write one row for each unit"]),
        ("", ["arrivals.csv: is empty; write a header line and rows below it"]),
        (" \n\n", ["arrivals.csv: is empty; write a header line and rows below it"]),
        (b"arrived_at\n\xe9\n", ["arrivals.csv:2:1: is not UTF-8 text; save the table as CSV with encoding UTF-8"]),
        (b"\xff\xfea\0", ["arrivals.csv: is UTF-16 text; save the table as CSV with encoding UTF-8"]),
        (b"PK\x03\x04\0\0", ["arrivals.csv: is not text; save the table as CSV with encoding UTF-8"]),
        (
            'arrived_at\n2025-05-24 08:00\n"2025-05-24 09:00\n',
            ["arrivals.csv:3:1: is not CSV: unexpected end of data; close every quote that is opened"],
        ),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused_with_the_cure(tmp_path, text, expected):
    assert problems(tmp_path, text) == expected


def test_columns_of_the_users_own_are_not_taken_for_misspelt_ones(tmp_path):
    recording = arrivals(tmp_path, "arrived_at,departed_at,person_id,goods_type\n2025-05-24 08:00,,7,tea\n")
    assert recording.ignored == ("departed_at", "person_id", "goods_type")


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "LARGEST_FILE", 2_000_000)
    assert problems(tmp_path, b"x" * 2_000_001) == [
        "arrivals.csv: is larger than 2 MB; split it or keep only the columns that are read"
    ]


def test_a_file_stands_inside_the_scenarios_folder(tmp_path):
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "a.csv").write_text("x")
    (tmp_path / "secret.csv").write_text("x")
    (home / "link.csv").symlink_to(tmp_path / "secret.csv")
    (home / "inner.csv").symlink_to(home / "data" / "a.csv")
    (home / "loop.csv").symlink_to(home / "loop.csv")
    assert locate("data/a.csv", home) == (home / "data" / "a.csv").resolve()
    assert locate("inner.csv", home) == (home / "data" / "a.csv").resolve()
    relative = "a path is relative to the scenario's folder and uses '/'"
    assert refusal(locate, "/etc/passwd", home) == f"got '/etc/passwd'; {relative}; {FILE_CURE}"
    assert refusal(locate, "C:/a.csv", home) == f"got 'C:/a.csv'; {relative}; {FILE_CURE}"
    assert refusal(locate, "data\\a.csv", home) == f"got 'data\\\\a.csv'; {relative}; {FILE_CURE}"
    for file in ("../secret.csv", "data/../../secret.csv", "data/../data/a.csv"):
        assert refusal(locate, file, home) == (
            f"got '{file}'; a path may not leave the scenario's folder by '..'; {FILE_CURE}"
        )
    assert (
        refusal(locate, "link.csv", home)
        == f"got 'link.csv', a link that leads out of the scenario's folder; {FILE_CURE}"
    )
    assert refusal(locate, "data", home) == f"got 'data', which is a folder or device, not a file; {FILE_CURE}"
    assert refusal(locate, "2019.txt", home) == "there is no file '2019.txt' in the scenario's folder"
    assert refusal(locate, "inne.csv", home) == (
        "there is no file 'inne.csv' in the scenario's folder; did you mean 'inner.csv'?"
    )
    assert refusal(locate, 5, home) == f"got 5, which is not a file name; {FILE_CURE}"
    assert refusal(locate, "a\0b", home).endswith(f"which is not a file name; {FILE_CURE}")
    assert refusal(locate, "a.csv", None) == (
        "got 'a.csv', but this scenario was read from text and has no folder to look in"
    )
    refusal(locate, "loop.csv", home)
    refusal(locate, "x" * 5000, home)


# ---- durations -----------------------------------------------------------------------------------------------------


def durations(folder, text, column="scan_min", unit="min"):
    (folder / "scans.csv").write_text(text)
    return read_durations("scans.csv", folder, column, unit)


def test_durations_are_a_column_of_numbers_in_a_stated_unit(tmp_path):
    values, sha256 = durations(tmp_path, "plate,scan_min\nA,4\nB,2.5\nC,0.0001\nD,4\n")
    assert values == (240_000, 150_000, 6, 240_000)
    assert len(sha256) == 64


def test_wrong_durations_are_named_with_line_and_column(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        durations(tmp_path, 'plate,scan_min\nA,nan\nB,-1\nC,\nD,"1,5"\nE,1e9\nF,inf\nG,4 min\n')
    assert [str(problem) for problem in caught.value.problems] == [
        "scans.csv:2:3: scan_min: got 'nan', which is not a number",
        "scans.csv:3:3: scan_min: got '-1 min'; a duration cannot be negative",
        "scans.csv:4:3: scan_min: is empty; write a number",
        "scans.csv:5:3: scan_min: got '1,5', which is not a number; decimals take a point and thousands no mark: "
        "'1.5' or '15'",
        "scans.csv:6:3: scan_min: got '1e9 min'; a duration is at most 366 days",
        "scans.csv:7:3: scan_min: got 'inf', which is not a number",
        "scans.csv:8:3: scan_min: got '4 min', which is not a number",
    ]


def test_durations_need_their_column_a_unit_and_at_least_one_value(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        durations(tmp_path, "plate,scan_minn\nA,4\n")
    assert str(caught.value) == "scans.csv:1:7: scan_minn: unknown column; did you mean 'scan_min'?"
    with pytest.raises(ScenarioError) as caught:
        durations(tmp_path, "plate\nA\n")
    assert str(caught.value) == (
        "scans.csv:1:1: scan_min: has no column 'scan_min'; the first line names the columns, here 'plate'"
    )
    with pytest.raises(ScenarioError) as caught:
        durations(tmp_path, "scan_min\n")
    assert str(caught.value) == "scans.csv:1:1: has a header but no durations; write one row for each"
    assert refusal(durations, tmp_path, "scan_min\n4\n", "scan_min", "mni") == (
        "unknown unit 'mni'; write ms, s, min, h or d; did you mean 'min'?"
    )
    assert refusal(durations, tmp_path, "scan_min\n4\n", 3) == "got 3, which is not the name of a column"
