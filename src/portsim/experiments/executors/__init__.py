"""Executors: who plays the replications of an experiment; the results are the same bytes whoever does.

```python
with executor_for(workers=2) as executor:
    for played in executor.play(Task(scenario, number, seed, "compiled") for number in range(100)):
        ...
```
"""

from __future__ import annotations

from portsim.experiments.executors.local import Serial, Threads
from portsim.experiments.executors.tasks import Executor, Played, Player, Task

__all__ = ["Executor", "Played", "Player", "Serial", "Task", "Threads", "executor_for"]


def executor_for(*, workers: int | None = 1, cluster: str | None = None, insecure: bool = False) -> Executor:
    """The executor with so many workers on this machine, or that of a cluster; a context manager.

    workers : 1 plays one replication after another in this process; None as many as there are processors
    cluster : address of a Dask scheduler
    insecure : whether plain tcp to another machine is accepted
    """
    if workers == 1:
        return Serial()
    return Threads(workers or 2)
