"""Replications played by a Dask cluster: a scheduler and workers that are processes of their own, on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import portsim
from portsim.cli import app
from portsim.errors import UnavailableError, WorkerError
from portsim.experiments import Played, executor_for, replicate
from portsim.experiments.executors.cluster import check_secure
from portsim.experiments.executors.versions import check_versions
from tests.test_executors import TEXT, scenario, told, work
from tests.test_resume import without_times

pytestmark = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the extra dask is not here")

QUIET = {**os.environ, "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0"}


def python(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def worker(address: str, before: str = "") -> subprocess.Popen[bytes]:
    """A worker with one thread, as `dask worker` starts it; `before` : code it runs first."""
    code = f"{before}\nfrom distributed.cli.dask_worker import main\nmain()"
    return python(code, address, "--nthreads", "1", "--no-nanny", "--no-dashboard")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    code = "from distributed.cli.dask_scheduler import main\nmain()"
    process = python(
        code, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file)
    )
    until = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.05)
    yield str(json.loads(file.read_text())["address"])
    process.kill()
    process.wait()


@pytest.fixture
def two(scheduler) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler and its two workers."""
    workers = [worker(scheduler) for _ in range(2)]
    wait_for(scheduler, 2)
    yield scheduler, workers
    for one in workers:
        one.kill()
        one.wait()
    wait_for(scheduler, 0)


def wait_for(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        until = time.monotonic() + 60
        while len(client.scheduler_info(n_workers=-1)["workers"]) != count:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_cluster_gives_what_one_after_another_gives_though_a_worker_is_killed_halfway(two, tmp_path):
    address, workers = two
    expected = [told(played) for played in executor_for().play(work(count=4))]
    with executor_for(cluster=address) as executor:
        assert executor.workers == 2
        assert [told(played) for played in executor.play(work(count=4))] == expected
        alone = replicate(scenario(), replications=24)

        def kill(played: Played) -> None:
            if played.number == 9:
                workers[0].kill()

        run = replicate(scenario(), replications=24, executor=executor, on_replication=kill)
        assert repr(run.measures) == repr(alone.measures)
        assert workers[0].wait() != 0
        assert executor.workers == 1
    (tmp_path / "port.yaml").write_text(TEXT)
    for folder, asked in (("here", {"workers": 1}), ("there", {"cluster": address})):
        portsim.run(
            tmp_path / "port.yaml", replications=3, engine="reference", folder=tmp_path / folder, keep="none", **asked
        )
    assert without_times(tmp_path / "here") == without_times(tmp_path / "there")


def test_a_worker_with_another_portsim_is_refused(scheduler):
    other = worker(scheduler, "import portsim; portsim.__version__ = '0.0.9'")
    try:
        wait_for(scheduler, 1)
        with pytest.raises(UnavailableError) as caught:
            executor_for(cluster=scheduler)
        assert "worker tcp://127.0.0.1:" in str(caught.value)
        assert f"has portsim 0.0.9 (here {portsim.__version__}): results are the same bytes only" in str(caught.value)
    finally:
        other.kill()
        other.wait()
        wait_for(scheduler, 0)


def test_a_worker_that_comes_later_with_another_portsim_is_refused_as_well(scheduler):
    first, other = worker(scheduler), None
    try:
        wait_for(scheduler, 1)
        with executor_for(cluster=scheduler) as executor:
            other = worker(scheduler, "import portsim; portsim.__version__ = '0.0.9'")
            wait_for(scheduler, 2)
            with pytest.raises(WorkerError, match=r"worker process \d+ on \S+ has portsim 0.0.9"):
                replicate(scenario(), replications=40, executor=executor)
    finally:
        for one in filter(None, (first, other)):
            one.kill()
            one.wait()
        wait_for(scheduler, 0)


def test_what_else_the_results_depend_on_is_compared_too():
    here = {"Python": "3.11", "numpy": "2.4.0", "scipy": "1.17"}
    check_versions(here, {**here, "pandas": "1"}, "worker a")
    with pytest.raises(WorkerError) as caught:
        check_versions(here, {"Python": "3.12", "numpy": "2.4.0"}, "worker a")
    assert "worker a has Python 3.12 (here 3.11), scipy missing (here 1.17): " in str(caught.value)


def test_a_scheduler_without_workers_is_refused_with_the_cure(scheduler, monkeypatch):
    monkeypatch.setattr("portsim.experiments.executors.cluster.PATIENCE_S", 0.5)
    with pytest.raises(
        UnavailableError, match=r"the scheduler at tcp://\S+ has no workers: start them with dask worker"
    ):
        executor_for(cluster=scheduler)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_scheduler_that_does_not_answer_is_wrong_usage(monkeypatch):
    monkeypatch.setattr("portsim.experiments.executors.cluster.PATIENCE_S", 0.5)
    result = CliRunner().invoke(app, ["run", "tiny", "--cluster", "127.0.0.1:9"], prog_name="portsim")
    assert result.exit_code == 2
    assert result.stderr.startswith("no Dask scheduler can be used at tcp://127.0.0.1:9: ")


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.7:8786", "tcp://cluster.example:8786", "ws://10.0.0.7:8786", "tcp://[2001:db8::1]:8786"]
)
def test_a_cluster_elsewhere_without_encryption_is_refused(address):
    with pytest.raises(UnavailableError) as caught:
        check_secure(address, insecure=False)
    assert str(caught.value).startswith(f"{address} is neither encrypted nor on this machine: ")
    assert str(caught.value).endswith("in a network you trust, --insecure-cluster")
    check_secure(address, insecure=True)
    result = CliRunner().invoke(app, ["run", "tiny", "--cluster", address], prog_name="portsim")
    assert result.exit_code == 2
    assert "is neither encrypted nor on this machine" in result.stderr


@pytest.mark.parametrize(
    "address", ["tls://cluster.example:8786", "tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786"]
)
def test_encryption_or_this_machine_is_accepted(address):
    check_secure(address, insecure=False)


def test_without_distributed_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UnavailableError, match=r"needs distributed, .*: python -m pip install 'portsim\[dask\]'"):
        executor_for(cluster="127.0.0.1:8786")


def test_a_scheduler_file_that_is_none_is_named(tmp_path):
    (tmp_path / "scheduler.json").write_text("[]")
    for name in ("scheduler.json", "nowhere.json"):
        with pytest.raises(UnavailableError, match=f"{name} cannot be read as the file of a scheduler"):
            executor_for(cluster=str(tmp_path / name))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")
def test_a_cluster_may_be_encrypted(tmp_path, monkeypatch):
    """As docs/when-one-machine-is-not-enough.md has it."""
    page = (Path(__file__).parent.parent / "docs/when-one-machine-is-not-enough.md").read_text("utf-8")
    [block] = [part.split("```")[0] for part in page.split("```bash\n")[1:] if "openssl req" in part]
    code = block.replace("CLUSTER_HOST", "127.0.0.1")
    subprocess.run(["bash", "-euc", code], cwd=tmp_path, check=True, capture_output=True)
    for name in ("scheduler", "worker", "client"):
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{name.upper()}__CERT", str(tmp_path / "cluster.pem"))
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{name.upper()}__KEY", str(tmp_path / "cluster.key"))
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TLS__CA_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION", "true")
    code = "from distributed.cli.dask_{0} import main\nmain()"
    file = tmp_path / "scheduler.json"

    def start(what: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", code.format(what), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    listening = ("--host", "tls://127.0.0.1:0", "--no-dashboard", "--no-show", "--scheduler-file", str(file))
    scheduler = start("scheduler", *listening)
    started = [scheduler]
    try:
        until = time.monotonic() + 60
        while not file.exists() or not file.read_text():
            assert time.monotonic() < until and scheduler.poll() is None
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        assert address.startswith("tls://")
        started.append(start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"))
        ask = "import portsim, sys; print(portsim.run('tiny', replications=2, cluster=sys.argv[1]).data.rows)"
        done = subprocess.run([sys.executable, "-c", ask, str(file)], capture_output=True, text=True, timeout=120)
        assert done.stdout.strip() == repr(portsim.run("tiny", replications=2).data.rows), done.stderr
    finally:
        for one in reversed(started):
            one.kill()
            one.wait()
