"""Generates docs/metrics.md from the metrics that the services register.

`python tests/support/metrics_page.py` writes the page; a contract test compares it with what the code says now.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
SECTIONS = {
    "All services": "darkroom_chassis.metrics",
    "platform-api": "platform_api.metrics",
    "queue-api": "queue_api.metrics",
    "webhook-dispatcher": "webhook_dispatcher.metrics",
    "gpu-worker": "gpu_worker.metrics",
}
HEAD = """# Metrics

Every service serves its metrics for Prometheus at `/metrics`, without a credential: keep that path inside the network
of the services. This page is generated from the code (`make metrics-page`); a test compares them.

A metric is a **counter**, which only grows until its process restarts; a **gauge**, the value of the moment; or a
**histogram**, of which Prometheus sees `_bucket`, `_sum` and `_count`. Seconds and bytes are the only units. Python's
own `process_*` and `python_*` metrics are there as well. Labels hold names of the catalogue and of this code, never
values that clients choose: a job type outside the catalogue is `other`. [Operations](operations.md) says which of them
to watch, and [deploy/observability](../deploy/observability) contains alerts and dashboards.
"""
NOTES = {
    "platform-api": "Gauges of the outbox, of active jobs and of credits come from the processes that run the loops.",
    "queue-api": "Gauges describe the whole queue. Each replica publishes the same ones: use `max`, not `sum`.",
    "webhook-dispatcher": "Gauges describe all endpoints. Each replica publishes the same ones: use `max`, not `sum`.",
}


@dataclass(frozen=True)
class Metric:
    """A metric as Prometheus sees it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str

    @property
    def series(self) -> frozenset[str]:
        """The names of its time series."""
        if self.kind == "histogram":
            return frozenset(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return frozenset({self.name})


def metrics_of(module: str) -> Iterator[Metric]:
    """Yield the metrics that a module defines, in its order."""
    for member in vars(importlib.import_module(module)).values():
        if isinstance(member, MetricWrapperBase):
            [family] = member.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield Metric(name, family.type, tuple(member._labelnames), family.documentation)


def all_metrics() -> list[Metric]:
    """Return the metrics of all services."""
    return [metric for module in SECTIONS.values() for metric in metrics_of(module)]


def generate() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, module in SECTIONS.items():
        parts.append(f"\n## {title}\n\n")
        if title in NOTES:
            parts.append(f"{NOTES[title]}\n\n")
        parts.append("| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n")
        for metric in metrics_of(module):
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            parts.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(generate())
