import logging
import threading
import time

import pytest

from mfjax.errors import MfjaxError
from mfjax.serve.queue import FullError, Job, Queue

logger = logging.getLogger("mfjax")


class Bench:
    """A queue whose jobs are functions, which is closed at the end."""

    def __init__(self, **limits):
        how = {"waiting": 3, "seconds": 10, "asked_seconds": 10} | limits
        self.queue = Queue(lambda job: job.task(job), **how)

    def __enter__(self):
        self.queue.start()
        return self.queue

    def __exit__(self, *error):
        self.queue.close()


def ended(job):
    for _ in range(500):
        if job.state in ("done", "failed"):
            return job
        time.sleep(0.01)
    raise AssertionError(f"the job is {job.state}")


@pytest.fixture
def blocked():
    """A job that is in work until its event is set."""
    event = threading.Event()

    def wait(job):
        while not event.wait(0.01):
            job.check()

    return Job(wait), event


def test_jobs_are_done_in_the_order_of_their_arrival(blocked):
    job, event = blocked
    order = []
    with Bench() as queue:
        queue.add(job)
        while job.state != "working":
            time.sleep(0.01)
        jobs = [Job(lambda job, i=i: order.append(i) or i) for i in range(3)]
        for each in jobs:
            queue.add(each)
        event.set()
        assert [ended(each).result for each in jobs] == [0, 1, 2]
    assert order == [0, 1, 2]


def test_a_waiting_job_knows_how_many_are_before_it_and_too_many_are_refused(blocked):
    job, _ = blocked
    with Bench(waiting=2) as queue:
        queue.add(job)
        while job.state != "working":
            time.sleep(0.01)
        waiting = [Job(lambda job: None) for _ in range(2)]
        for each in waiting:
            queue.add(each)
        assert [queue.before(each) for each in (job, *waiting)] == [0, 1, 2]
        with pytest.raises(FullError, match="2 requests wait already"):
            queue.add(Job(lambda job: None))
        queue.stop(waiting[0])
        assert (waiting[0].state, queue.before(waiting[1])) == ("failed", 1)


def test_errors_of_users_are_one_line_and_messages_are_kept(caplog):
    def refuse(job):
        logger.warning("a guess")
        raise MfjaxError("no such thing")

    with Bench() as queue:
        job = Job(refuse)
        queue.add(job)
        assert (ended(job).error, job.notes, job.result) == ("no such thing", ["a guess"], None)
    assert caplog.records == []


def test_a_mistake_of_the_code_ends_its_job_and_not_the_queue(capsys):
    with Bench() as queue:
        wrong, right = Job(lambda job: 1 / 0), Job(lambda job: 5)
        queue.add(wrong)
        queue.add(right)
        assert ended(right).result == 5
        assert "a mistake of the program (ZeroDivisionError)" in wrong.error
    assert "Traceback" in capsys.readouterr().err


def test_work_that_takes_too_long_is_ended_at_its_next_check():
    def slow(job):
        while True:
            job.check()
            time.sleep(0.01)

    with Bench(seconds=0.05) as queue:
        job = Job(slow)
        queue.add(job)
        assert "it took more than 0.05 s" in ended(job).error


def test_work_that_nobody_wants_any_more_is_ended():
    begun = threading.Event()

    def endless(job):
        begun.set()
        while True:
            job.check()
            time.sleep(0.01)

    with Bench() as queue:
        job = Job(endless)
        queue.add(job)
        assert begun.wait(10)
        queue.stop(job)
        assert ended(job).error == "stopped"


def test_a_waiting_job_whose_page_was_closed_is_dropped(blocked):
    first, _ = blocked
    with Bench(asked_seconds=0.05) as queue:
        queue.add(first)
        job, asked = Job(lambda job: 1), Job(lambda job: 2)
        queue.add(job)
        queue.add(asked)
        time.sleep(0.1)
        asked.ask()
        assert queue.before(asked) == 1
        assert (job.state, job.error) == ("failed", "dropped, since its page was closed")


def test_closing_ends_work_and_the_thread():
    def endless(job):
        while True:
            job.check()
            time.sleep(0.01)

    with Bench() as queue:
        job = Job(endless)
        queue.add(job)
    assert job.state != "done"
    assert not queue._thread.is_alive()
