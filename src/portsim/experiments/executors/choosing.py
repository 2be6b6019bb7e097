"""Which engine plays the replications, where others than this process may play them."""

from __future__ import annotations

from collections.abc import Callable

from portsim.engines import (
    COMPILED_VISIT_S,
    LOAD_S,
    REFERENCE_VISIT_S,
    Choice,
    EngineName,
    check_name,
    choose,
    visits_in,
)
from portsim.experiments.executors.tasks import Executor
from portsim.model.traffic import Traffic


def choose_for(
    executor: Executor,
    engine: EngineName,
    work: Traffic | int,
    *,
    replications: int,
    on_notice: Callable[[str], None] | None = None,
) -> Choice:
    """The engine that will run, as `portsim.engines.choose` has it; the kernel is compiled then, by nobody but here.

    Where this process plays nothing itself a kernel that is kept is not loaded: workers load it for themselves.
    """
    check_name(engine)
    if executor.is_here or engine == "reference":
        return choose(engine, work, replications=replications, on_notice=on_notice)
    from portsim.engines import compiled

    if not compiled.is_kept():
        return choose(engine, work, replications=replications, on_notice=on_notice)
    each = visits_in(work) * replications / executor.workers
    if engine == "auto" and each * REFERENCE_VISIT_S < LOAD_S + each * COMPILED_VISIT_S:
        return Choice("reference")
    return Choice("compiled")
