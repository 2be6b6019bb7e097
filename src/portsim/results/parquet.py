"""Tables as Parquet files, for those who have pyarrow: smaller, and read at once by other tools."""

from __future__ import annotations

import importlib.util
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from portsim.errors import Place, Problem, ScenarioError
from portsim.model.network import NONE
from portsim.model.records import Table
from portsim.results.tables import Column


def require_parquet() -> None:
    """Raise ScenarioError, with the cure, if pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ScenarioError(
            "--format parquet needs pyarrow, which is not installed: "
            "python -m pip install 'portsim[parquet]', or keep --format csv"
        )


def parquet_bytes(columns: Sequence[Column], table: Mapping[str, NDArray[np.integer]]) -> bytes:
    """A table as a Parquet file: integers of the columns' types, names as dictionaries, null for what is missing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = []
    for column in columns:
        values = table[column.name]
        is_missing = values == NONE if column.is_optional else None
        if column.labels is None:
            arrays.append(pa.array(values.astype(column.dtype), mask=is_missing))
        else:
            numbers = pa.array(values.astype(np.int32), mask=is_missing)
            arrays.append(pa.DictionaryArray.from_arrays(numbers, pa.array(column.labels, pa.string())))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays, names=[column.name for column in columns]), sink)
    return bytes(sink.getvalue())


def read_parquet(path: pathlib.Path, columns: Sequence[Column]) -> Table:
    """Read a table written by `parquet_bytes`; ScenarioError if it is not one, or pyarrow is not installed."""
    require_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise _unreadable(path, f"is not a Parquet file: {error}") from None
    table: Table = {}
    for column in columns:
        if column.name not in file.column_names:
            raise _unreadable(path, f"has no column {column.name}")
        values = file[column.name].combine_chunks()
        if values.null_count and not column.is_optional:
            raise _unreadable(path, f"column {column.name} has an empty cell, and may not")
        if column.labels is not None:
            labels = values.dictionary.to_pylist()
            number = {label: code for code, label in enumerate(column.labels)}
            unknown = [label for label in labels if label not in number]
            if unknown:
                raise _unreadable(path, f"column {column.name} has {unknown[0]!r}, which names nothing in this run")
            codes = np.array([number[label] for label in labels] + [NONE], np.int64)
            array = codes[values.indices.fill_null(len(labels)).to_numpy(zero_copy_only=False)].astype(column.dtype)
        else:
            array = values.fill_null(NONE).to_numpy(zero_copy_only=False).astype(column.dtype)
        array.flags.writeable = False
        table[column.name] = array
    return table


def differing_rows(
    path: pathlib.Path, made: bytes
) -> tuple[int, dict[str, str] | None, dict[str, str] | None, int | None] | None:
    """Compare a Parquet file with the bytes of another version of it; None if they hold the same rows.

    Gives the number of the first row that differs (from 1, 0 for other columns), that row of the file and of the
    bytes (None beyond the end), and how many rows differ (None if they have not the same number of rows).
    Raises ScenarioError if the file is no Parquet file, or pyarrow is not installed.
    """
    require_parquet()
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, f"is not a Parquet file: {error}") from None
    now = pq.read_table(pa.BufferReader(made))
    if found.column_names != now.column_names:
        theirs, ours = ({str(place): name for place, name in enumerate(t.column_names, 1)} for t in (found, now))
        return 0, theirs, ours, None
    size = min(found.num_rows, now.num_rows)
    differs = np.zeros(size, np.bool_)
    for name in now.column_names:
        one, other = (table[name].slice(0, size).cast(pa.string()) for table in (found, now))
        either = pc.coalesce(pc.not_equal(one, other), pc.xor(pc.is_null(one), pc.is_null(other)))
        differs |= either.to_numpy()
    is_as_long = found.num_rows == now.num_rows
    if is_as_long and not differs.any():
        return None
    row = int(np.argmax(differs)) if differs.any() else size
    rows = [
        {name: "" if value is None else str(value) for name, value in table.slice(row, 1).to_pylist()[0].items()}
        if row < table.num_rows
        else None
        for table in (found, now)
    ]
    return row + 1, rows[0], rows[1], int(differs.sum()) if is_as_long else None


def _unreadable(path: pathlib.Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
