"""The judges of a platform run find what they are there to find."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from support.orders import Course, Order, Route
from support.platform_history import Kept, KeptJob, broken_platform_promises
from support.received import Entry, ReceivedJob, ReceivedJobs

ORDER = Order(
    number=7, route=Route.OURVIDZ, job_type="image_fast", course=Course.WORKS,
    is_keyed=True, is_followed=True, is_cancelled=False, is_retried=False, job_id="j",
)  # fmt: skip
JOB = KeptJob(
    id="j", user_id="u", order_number=7, status="completed", run=1, price_mc=500, charged_mc=500,
    last_type="image_fast", last_price_mc=500, last_outputs=1, updated_at="now",
    entries=[(1, 1, "created"), (1, 2, "node_started"), (1, 3, "complete")],
    ledger=Counter(reserve=500, capture=500),
)  # fmt: skip
HISTORY: list[Entry] = [(1, "created"), (2, "node_started"), (3, "complete")]


def judge(*jobs: KeptJob, order: Order = ORDER) -> list[str]:
    return broken_platform_promises([order], Kept(list(jobs), [], []))


def test_a_clean_database_breaks_nothing() -> None:
    assert judge(JOB) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"status": "running"}, "has not ended but is running"),
        ({"entries": [*JOB.entries, (1, 4, "complete")]}, "run 1 ended 2 times"),
        ({"entries": [*JOB.entries, (1, 4, "node_started")]}, "node_started came after the end of run 1"),
        ({"entries": [JOB.entries[0], JOB.entries[2]]}, "has the history [1, 3]"),
        ({"ledger": Counter(reserve=500, capture=500, release=1)}, "reserved 500, but captured 500 and released 1"),
        ({"charged_mc": 0}, "captured 500, but says that it charged 0"),
    ],
)
def test_each_broken_promise_of_a_job_is_named(changes: dict[str, Any], fault: str) -> None:
    assert f"order 7, job j: {fault}" in judge(replace(JOB, **changes))


def test_lost_doubled_and_wrongly_ended_jobs_are_named() -> None:
    assert judge() == ["order 7: was accepted as j, but has become []"]
    assert judge(JOB, replace(JOB, id="k")) == ["order 7: was accepted as j, but has become ['j', 'k']"]
    assert judge(JOB, order=replace(ORDER, retries=1)) == ["order 7, job j: is at run 1 after 1 retries"]
    assert judge(JOB, order=replace(ORDER, course=Course.FAILS)) == ["order 7, job j: is completed, not failed"]


def test_gap_and_double_in_the_stream_of_a_job_are_named() -> None:
    received = ReceivedJob()
    received.begin(HISTORY[:1], resumes=False)
    for entry in HISTORY[1:]:
        received.add(entry)
    assert received.judge(HISTORY) == []
    received.add(HISTORY[-1])
    assert received.judge(HISTORY)[0] == "received entry 3 after 3"
    gap = ReceivedJob()
    gap.add(HISTORY[1])
    assert gap.judge(HISTORY)[0] == "received entry 2 after 0"


def test_only_a_reset_lets_the_stream_of_a_user_skip_entries() -> None:
    received = ReceivedJobs()
    received.begin({}, resumes=False)
    received.add("j", HISTORY[0])
    received.reset({"j": "later"})
    received.add("j", HISTORY[2])
    assert (received.faults, received.judge("j", HISTORY, "now")) == ([], [])
    received.add("k", HISTORY[0])
    received.add("k", HISTORY[2])
    assert received.faults == ["k: received entry 3 after 1"]
    received.reset({"k": "now"})
    assert received.judge("k", HISTORY, "now") == []
    assert received.judge("l", HISTORY, "now") == [f"received [], without the end of {HISTORY}"]
