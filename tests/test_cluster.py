"""A batch on a Ray cluster of two nodes on this machine, one of which dies in the middle."""

import dataclasses
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from mt import batch, cluster
from mt.errors import ConfigError
from tests.bench import kill9
from tests.test_batch import SILENT, errors, job_of, outputs, run, states

pytestmark = [
    # Ray leaves a file open when it starts its processes, and its own code uses what its dependencies no longer like.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
]
MEMORY = 100 * 2**20


def test_a_cluster_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    kill9.make_articles(tmp_path / "in", files=1)
    with pytest.raises(ConfigError, match="--cluster 127.0.0.1:1: .*or give 'local'"):
        run(job_of(tmp_path / "in", tmp_path / "out"), crew=cluster.crew("127.0.0.1:1"))


@pytest.fixture(scope="module")
def nodes() -> Iterator[object]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    made.add_node(num_cpus=1, object_store_memory=MEMORY)
    ray.init(address=made.address, log_to_driver=False, logging_level=logging.ERROR)
    yield made
    ray.shutdown()
    made.shutdown()  # type: ignore[no-untyped-call]


def actors() -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["name"]) if process.info["name"].startswith("ray::Actor")]


def test_every_file_is_there_once_and_whole_though_a_worker_dies(nodes: object, tmp_path: Path) -> None:
    articles = tmp_path / "in"
    kill9.make_articles(articles, files=60)
    (articles / "0" / "english.txt").write_text("Nothing Arabic here.\n", encoding="utf-8")
    undisturbed = job_of(articles, tmp_path / "one")
    assert run(undisturbed).totals.done == 60, errors(undisturbed)

    killed: list[int] = []
    seen: list[str] = []

    def recorded(outcomes: Sequence[batch.Outcome]) -> None:
        seen.extend(outcome.path for outcome in outcomes)
        if not killed:
            victim = actors()[0]
            killed.append(victim.pid)
            victim.send_signal(signal.SIGKILL)

    job = job_of(articles, tmp_path / "two", in_flight=20)
    ran = batch.run(job, dataclasses.replace(SILENT, recorded=recorded), crew=cluster.crew("auto"))
    assert killed
    assert len(seen) == len(set(seen)) == 61
    assert (ran.totals.done, ran.totals.failed, ran.totals.waiting) == (60, 1, 0)
    assert outputs(job) == outputs(undisturbed)
    assert states(job) == states(undisturbed)
    assert errors(job) == ["0/english.txt has no Arabic in it: only Arabic text can be translated"]
    assert batch.run(job, SILENT, crew=cluster.crew("auto")).totals.done == 60
