"""All that one run of the benchmark measured."""

from dataclasses import dataclass, field

from engine import Engine
from idle import Latency
from programs import BULLMQ, OURS
from throughput import Throughput

NOT_PYTHON = {OURS.name, BULLMQ.name}


@dataclass(slots=True)
class Results:
    """By the names of the peers; a part that was left out is empty, or None."""

    throughput: dict[str, Throughput] = field(default_factory=dict)
    latency: dict[str, Latency] = field(default_factory=dict)
    bytes_queued: dict[str, float] = field(default_factory=dict)
    notice_s: dict[str, float | None] = field(default_factory=dict)
    return_s: dict[str, float | None] = field(default_factory=dict)
    engine: Engine | None = None
