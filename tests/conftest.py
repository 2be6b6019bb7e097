"""The engines under test, named in one place, and how many random cases the laws try."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, settings

from portsim.engines import simulate
from portsim.model.records import Records
from tests import oracle

ENGINES = ["reference", "compiled"]
"""Every engine portsim has; each behavioural test runs on each of them."""

settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    derandomize=True,  # the same cases at every run: a failure is a change of the code, not of luck
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep", settings.get_profile("default"), max_examples=5_000, derandomize=False, print_blob=True
)
settings.load_profile("default")  # --hypothesis-profile=deep takes its place


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """Have Ctrl-C heard, here and by the programs tests start, also where a shell began them deaf to it (`&`)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine a test runs on; a module that compares with the oracle adds "oracle" to the names."""
    return request.param


@pytest.fixture(scope="session")
def engine(engine_name: str) -> Callable[..., Records]:
    """(network, traffic, units_in_port=...) -> Records."""
    return oracle.simulate if engine_name == "oracle" else partial(simulate, engine=engine_name)
