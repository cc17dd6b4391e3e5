"""Submissions and reads of jobs, beside those of the bare route, in turns."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

import httpx
from load import BODY, Load, get, post
from stage import Stage, new_job

CLIENTS = (1, 50, 200)


@dataclass(slots=True)
class Pair:
    """What platform-api and the bare route did, round by round."""

    ours: list[Load] = field(default_factory=list)
    bare: list[Load] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: a slow minute of the machine slows both sides of a round."""
        return median(ours.rate / bare.rate for ours, bare in zip(self.ours, self.bare, strict=True))


@dataclass(slots=True)
class Requests:
    """By number of clients."""

    submissions: dict[int, Pair] = field(default_factory=dict)
    """Of as many users as clients: those of one user would share more."""
    of_one_user: dict[int, Pair] = field(default_factory=dict)
    reads: dict[int, Pair] = field(default_factory=dict)


def measure(stage: Stage, *, rounds: int, seconds: int, tell: Callable[[str], None]) -> Requests:
    """Measure every number of clients in each round."""
    found = Requests(*({n: Pair() for n in CLIENTS} for _ in range(3)))
    auth = {"Authorization": f"Bearer {stage.token}"}
    job = f"{stage.platform}/api/jobs/{new_job(stage)}"
    inserted = httpx.post(f"{stage.bare}/items", json=json.loads(BODY)).raise_for_status()
    item = f"{stage.bare}/items/{inserted.json()['id']}"
    for number in range(rounds):
        for clients in CLIENTS:
            tell(f"round {number + 1} of {rounds}, {clients} clients")
            submissions, of_one, reads = (of[clients] for of in (found.submissions, found.of_one_user, found.reads))
            inserts, queue_job = post(f"{stage.bare}/items", clients, seconds), f"{stage.platform}/api/queue-job"
            submissions.bare.append(inserts)
            submissions.ours.append(post(queue_job, clients, seconds, stage.tokens[:clients]))
            of_one.bare.append(inserts)
            of_one.ours.append(post(queue_job, clients, seconds, stage.tokens[:1]))
            reads.bare.append(get(item, clients, seconds, {}))
            reads.ours.append(get(job, clients, seconds, auth))
    return found
