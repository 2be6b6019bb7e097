"""Executors: who plays the replications of an experiment; the results are the same bytes whoever does.

```python
with executor_for(workers=2) as executor:
    for played in executor.play(Task(scenario, number, seed, "compiled") for number in range(100)):
        ...
```
"""

from __future__ import annotations

from typing import Literal

from portsim.experiments.executors.automatic import Automatic, processors
from portsim.experiments.executors.choosing import choose_for
from portsim.experiments.executors.local import Serial, Threads
from portsim.experiments.executors.processes import Processes
from portsim.experiments.executors.tasks import Executor, Played, Player, Task

__all__ = [
    "Automatic",
    "Executor",
    "Played",
    "Player",
    "Processes",
    "Serial",
    "Task",
    "Threads",
    "choose_for",
    "executor_for",
    "processors",
]


def executor_for(
    *,
    workers: int | None = 1,
    cluster: str | None = None,
    insecure: bool = False,
    expected: int | None = None,
    kind: Literal["processes", "threads"] = "processes",
) -> Executor:
    """Who plays replications, as it is asked for; a context manager.

    workers : on this machine; 1 plays one replication after another in this process, None starts as many as are worth
        it once the work is seen to be large
    cluster : address of a Dask scheduler, whose workers play them in place of this machine's
    insecure : whether plain tcp to another machine is accepted
    expected : how many replications there will be, if that is known
    kind : what several workers are

    Raises ValueError for fewer than one worker, and UnavailableError for a cluster that cannot be used from here.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"at least one worker is needed, got {workers}")
    if cluster is not None:
        from portsim.experiments.executors.cluster import Cluster

        return Cluster(cluster, insecure=insecure)
    if workers is None:
        return Automatic(expected=expected)
    if workers == 1:
        return Serial()
    return Threads(workers) if kind == "threads" else Processes(workers)
