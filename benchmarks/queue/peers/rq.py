"""RQ, with the worker that runs jobs in its own process, the fastest it has; it knows no concurrency."""

from collections.abc import Sequence
from typing import Any

import rq
from protocol import Payload, Report
from redis import Redis
from rq.serializers import JSONSerializer

RUN = "peers.rq.run"
_reports: list[Report] = []


def run(payload: Payload) -> None:
    """Run a job; RQ looks it up by name."""
    _reports[0].run_blocking(payload)


class Peer:
    """Queue and simple worker of RQ, without kept results."""

    def open(self, url: str) -> None:
        self._queue: Any = rq.Queue("bench", connection=Redis.from_url(url), serializer=JSONSerializer)

    def enqueue(self, payload: Payload) -> object:
        return self._queue.enqueue(RUN, payload, result_ttl=0)

    def bulk(self, batch: Sequence[Payload]) -> object:
        return self._queue.enqueue_many([rq.Queue.prepare_data(RUN, (payload,), result_ttl=0) for payload in batch])

    def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:  # noqa: ARG002
        _reports.append(report)
        self.open(url)
        worker: Any = rq.SimpleWorker([self._queue], connection=self._queue.connection, serializer=JSONSerializer)
        worker.log_job_description = False
        worker.work(logging_level="ERROR")
