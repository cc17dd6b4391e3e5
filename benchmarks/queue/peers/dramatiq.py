"""Dramatiq. It has no batch call; a worker is a process with threads."""

import threading
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from protocol import Payload, Report


class Peer:
    """Broker and worker of Dramatiq, without the Prometheus middleware."""

    bulk = None

    def open(self, url: str) -> None:
        self._job = self._actor(url, _not_here)

    def enqueue(self, payload: Payload) -> object:
        return self._job.send(payload)

    def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:  # noqa: ARG002
        job = self._actor(url, report.run_blocking)
        dramatiq.Worker(job.broker, worker_threads=concurrency).start()
        threading.Event().wait()

    def _actor(self, url: str, function: Any) -> Any:
        broker: Any = RedisBroker(url=url)
        dramatiq.set_broker(broker)
        return dramatiq.actor(function, actor_name="job", broker=broker)


def _not_here(payload: Payload) -> None:
    raise AssertionError(f"a client runs no jobs, such as {payload}")
