"""Celery, without results. It has no batch call; a worker is a process with threads."""

from typing import Any

import celery
from protocol import Payload, Report


class Peer:
    """App and worker of Celery."""

    bulk = None

    def open(self, url: str) -> None:
        self._job = self._app(url).task(_not_here, name="job", ignore_result=True)

    def enqueue(self, payload: Payload) -> object:
        return self._job.delay(payload)

    def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:
        app = self._app(url, lease_s)
        app.task(report.run_blocking, name="job", ignore_result=True)
        pool = ["--pool=solo"] if concurrency == 1 else ["--pool=threads", f"--concurrency={concurrency}"]
        app.worker_main(["worker", *pool, "--loglevel=ERROR", "--without-gossip", "--without-mingle"])

    def _app(self, url: str, lease_s: float | None = None) -> Any:
        app = celery.Celery("bench", broker=url)
        app.conf.update(
            task_ignore_result=True, broker_pool_limit=50, task_acks_late=True, worker_redirect_stdouts=False,
            worker_prefetch_multiplier=64,
            broker_transport_options={} if lease_s is None else {"visibility_timeout": lease_s},
        )  # fmt: skip
        return app


def _not_here(payload: Payload) -> None:
    raise AssertionError(f"a client runs no jobs, such as {payload}")
