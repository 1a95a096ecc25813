"""The service as a process of its own: killed, stopped, started again. Every job is finished once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mt.errors import ConfigError
from mt.service.errors import RefusedError
from mt.service.files import private_folder
from mt.service.jobs import Job, JobOptions, Jobs, Made, Runner
from mt.service.scheduling import Lane, Worker
from tests.fakes import FakeEngine, fake_pipeline

ROOT = Path(__file__).parent.parent
TEXTS = ["\n".join(f"وصل الوفد {word} رقم {n} إلى عمان." for n in range(30)) for word in ("الأول", "الثاني", "الثالث", "الرابع", "الخامس")]


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A service that works slowly, and a client of it."""
    arguments = [sys.executable, "-m", "tests.service", str(folder), "page=false", "mcp=false", *options]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}) as service:
        assert service.stdout is not None
        address = service.stdout.readline().strip()
        assert address.startswith("http://"), "the service did not start"
        try:
            with httpx.Client(base_url=address, timeout=30) as client:
                yield service, client
        finally:
            service.kill()


def wait_for(client: httpx.Client, ids: list[str], state: str, count: int) -> list[dict[str, Any]]:
    """The jobs, when so many are in a state."""
    deadline = time.monotonic() + 60
    while True:
        jobs: list[dict[str, Any]] = [client.get(f"/v1/jobs/{id}").json() for id in ids]
        assert not [job for job in jobs if job["state"] == "failed"]
        if sum(job["state"] == state for job in jobs) >= count:
            return jobs
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_killed_and_started_again_every_job_is_finished_once(tmp_path: Path) -> None:
    with process(tmp_path, "pause=0.02") as (service, client):
        ids = [client.post("/v1/jobs", json={"text": text}).json()["id"] for text in TEXTS]
        before = wait_for(client, ids, "done", 1)
        service.send_signal(signal.SIGKILL)
        service.wait(20)
    assert [job for job in before if job["state"] != "done"]
    with process(tmp_path) as (_, client):
        after = wait_for(client, ids, "done", len(ids))
        for text, job in zip(TEXTS, after, strict=True):
            assert client.get(job["file"]).text.strip() == fake_pipeline().translate(text).text.strip()
    finished = {job["id"]: job["finished"] for job in after}
    assert all(finished[job["id"]] == job["finished"] for job in before if job["state"] == "done")  # not done again


def test_stopped_it_puts_back_what_it_cannot_finish(tmp_path: Path) -> None:
    with process(tmp_path, "pause=0.1", "stop_seconds=0.2", "jobs_at_once=1") as (service, client):
        ids = [client.post("/v1/jobs", json={"text": text}).json()["id"] for text in TEXTS[:2]]
        wait_for(client, ids, "running", 1)
        with client.stream("GET", f"/v1/jobs/{ids[0]}/events") as events:
            service.send_signal(signal.SIGTERM)
            assert [line for line in events.iter_lines() if line.startswith("data: ")]  # and it ends
        assert service.wait(30) == 0
    jobs = Jobs(tmp_path, keep_seconds=60, most=5, most_together=5)
    assert jobs.counts()["queued"] == 2
    assert [job.attempts for job in (jobs.get(id, "anonymous") for id in ids)] == [0, 0]
    jobs.close()


def jobs_in(folder: Path, **more: Any) -> Jobs:
    return Jobs(folder, **{"keep_seconds": 60, "most": 3, "most_together": 5, **more})


def add(jobs: Jobs, owner: str) -> str:
    def write(path: Path) -> None:
        path.write_text("خبر.", encoding="utf-8")

    return jobs.add(owner, "text.txt", ".txt", JobOptions(), write).id


def test_owners_take_turns_however_many_jobs_one_has(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    for owner in ("a", "a", "a", "b", "c"):
        add(jobs, owner)
        time.sleep(0.002)
    taken = [job.owner for job in iter(jobs.take, None)]
    assert taken[:3] == ["a", "b", "c"]
    jobs.close()


def test_too_many_jobs_are_refused(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    for owner in ("a", "a", "a", "b"):
        add(jobs, owner)
    for owner, said in (("a", "you have 3 unfinished jobs"), ("b", "")):
        if said:
            with pytest.raises(RefusedError, match=said):
                add(jobs, owner)
        else:
            add(jobs, owner)
    with pytest.raises(RefusedError, match="there are 5 unfinished jobs"):
        add(jobs, "c")
    jobs.close()


def test_a_job_that_kills_the_process_is_given_up(tmp_path: Path) -> None:
    for _ in range(3):
        jobs = jobs_in(tmp_path)
        if not jobs.of("a"):
            add(jobs, "a")
        assert jobs.take() is not None
        jobs.close()
    jobs = jobs_in(tmp_path)
    assert [job.state for job in jobs.of("a")] == ["failed"]
    jobs.close()


def test_what_has_expired_goes_with_its_files(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path, keep_seconds=0)
    id = add(jobs, "a")
    jobs.cancel(id, "a")
    time.sleep(0.01)
    jobs.sweep()
    assert jobs.of("a") == [] and not jobs.folder(id).exists()
    jobs.close()


def test_two_services_do_not_share_a_folder(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    with pytest.raises(ConfigError, match="another service uses this folder"):
        jobs_in(tmp_path)
    jobs.close()


def test_a_folder_that_goes_while_others_are_swept_is_no_fault(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "gone").symlink_to("nowhere")
    jobs.sweep()
    jobs.close()


class Failing(Jobs):
    """Jobs on a disk that is full for a while: each of these fails once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, keep_seconds=60, most=3, most_together=5)
        self.full = {"sweep", "finish", "fail"}

    def sweep(self) -> None:
        self._fails_once("sweep", OSError("no space left"))
        super().sweep()

    def finish(self, id: str, made: Made) -> bool:
        self._fails_once("finish", OSError("no space left"))
        return super().finish(id, made)

    def fail(self, id: str, error: str) -> bool:
        self._fails_once("fail", sqlite3.OperationalError("database or disk is full"))
        return super().fail(id, error)

    def _fails_once(self, what: str, error: Exception) -> None:
        if what in self.full:
            self.full.remove(what)
            raise error


def test_the_work_goes_on_after_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def work(job: Job, source: Path, lane: Lane, progress: object) -> Made:
        return Made("{}", source.read_bytes(), ".txt", 1)

    jobs, worker = Failing(tmp_path), Worker(FakeEngine, batch_tokens=100)
    ids = [add(jobs, "a") for _ in range(2)]
    runner = Runner(jobs, work, lambda job: Lane(worker, "a"), at_once=1, seconds=60, ended=lambda state: None)
    deadline = time.monotonic() + 20
    while not all(job.ended for job in jobs.of("a")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    runner.stop(5)
    worker.stop()
    assert not jobs.full
    assert [jobs.get(id, "a").state for id in ids] == ["failed", "done"]
    assert "the jobs could not go on; trying again" in caplog.text
    jobs.close()


def test_no_job_is_taken_where_the_disk_is_nearly_full(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path, reserve=2**63)
    with pytest.raises(RefusedError, match="the disk of the service is nearly full") as refused:
        add(jobs, "a")
    assert (refused.value.status, refused.value.retry_after) == (503, 600)
    jobs.close()


def test_the_source_of_what_is_not_done_goes_at_once(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    first, second, third = (add(jobs, "a") for _ in range(3))
    jobs.cancel(first, "a")
    assert [job.id for job in iter(jobs.take, None)] == [second, third]
    jobs.fail(second, "damaged")
    jobs.finish(third, Made("{}", b"News.", ".txt", 1))
    jobs.cancel(third, "a")
    assert [jobs.source(jobs.get(id, "a")).exists() for id in (first, second, third)] == [False, False, True]
    jobs.close()


def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    assert private_folder(folder).stat().st_mode & 0o777 == 0o700
