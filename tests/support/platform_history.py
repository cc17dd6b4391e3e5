"""Judges the database of a finished platform run: did each accepted job end once, and do the credits add up?"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.status import TERMINAL, JobStatus
from psycopg.rows import class_row, tuple_row

from support.orders import Course, Order
from support.received import Entry

ENDS = {"complete": JobStatus.COMPLETED, "error": JobStatus.FAILED, "cancelled": JobStatus.CANCELLED}
"""The words of the history that end a run."""


@dataclass
class KeptJob:
    """A job as the database has it; `entries` are run, number and word."""

    id: str
    user_id: str
    order_number: int
    status: str
    run: int
    price_mc: int
    charged_mc: int
    last_type: str
    last_price_mc: int
    last_outputs: int | None
    """Of the last step: its type, and price and number of its outputs."""
    updated_at: str
    entries: list[tuple[int, int, str]] = field(default_factory=list)
    ledger: Counter[str] = field(default_factory=Counter)

    @property
    def history(self) -> list[Entry]:
        return [(seq, event) for _, seq, event in self.entries]


@dataclass
class Kept:
    """All that is judged."""

    jobs: list[KeptJob]
    wrong_balances: list[str]
    left: list[str]
    """What is still on its way: steps that have not ended, and rows of the outbox."""


_JOBS = """
    SELECT j.id::text, j.user_id::text, substring(j.parameters::text FROM 'order-([0-9]+)-')::int AS order_number,
        j.status, j.run, j.price_mc, j.charged_mc,
        s.job_type AS last_type, s.price_mc AS last_price_mc, s.outputs AS last_outputs,
        to_char(j.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS updated_at
    FROM platform.jobs j
    JOIN platform.steps s ON s.job_id = j.id AND s.run = 1 AND s.number = j.steps_total - 1
"""
_HISTORY = "SELECT job_id::text, run, seq, event FROM platform.job_history ORDER BY job_id, seq"
_LEDGER = """
    SELECT job_id::text, kind, sum(amount_mc)::bigint FROM platform.credit_ledger WHERE job_id IS NOT NULL GROUP BY 1, 2
"""
_BALANCES = """
    SELECT u.name, u.balance_mc, coalesce(l.balance_mc, 0) FROM platform.users u
    LEFT JOIN (
        SELECT user_id, sum(
            CASE WHEN kind IN ('grant', 'release') THEN amount_mc WHEN kind = 'capture' THEN 0 ELSE -amount_mc END
        ) AS balance_mc FROM platform.credit_ledger GROUP BY user_id
    ) l ON l.user_id = u.id
    WHERE u.balance_mc <> coalesce(l.balance_mc, 0)
"""
_LEFT = """
    SELECT 'step ' || job_id || ':' || run || ':' || number || ' is ' || status AS what FROM platform.steps
    WHERE status IN ('queued', 'delayed', 'running')
    UNION ALL SELECT 'outbox row ' || id || ' (' || kind || ') is not relayed' FROM platform.outbox
"""


async def read_kept(database_url: str) -> Kept:
    """Read what is judged, in one snapshot of the database."""
    async with await psycopg.AsyncConnection.connect(database_url, row_factory=tuple_row) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        async with connection.cursor(row_factory=class_row(KeptJob)) as cursor:
            jobs = {job.id: job for job in await (await cursor.execute(_JOBS)).fetchall()}
        for job_id, run, seq, event in await (await connection.execute(_HISTORY)).fetchall():
            jobs[job_id].entries.append((run, seq, event))
        for job_id, kind, amount_mc in await (await connection.execute(_LEDGER)).fetchall():
            jobs[job_id].ledger[kind] = amount_mc
        wrong = [
            f"{name} has {balance_mc}, but the ledger says {ledger_mc}"
            for name, balance_mc, ledger_mc in await (await connection.execute(_BALANCES)).fetchall()
        ]
        left = [str(what) for (what,) in await (await connection.execute(_LEFT)).fetchall()]
    return Kept(list(jobs.values()), wrong, left)


def broken_platform_promises(orders: Sequence[Order], kept: Kept) -> list[str]:
    """Return a sentence for each promise that the database shows broken."""
    made: dict[int, list[KeptJob]] = defaultdict(list)
    for job in kept.jobs:
        made[job.order_number].append(job)
    faults = [*kept.left, *kept.wrong_balances]
    for order in orders:
        jobs = made[order.number]
        faults += [f"order {order.number}: {fault}" for fault in _faults_of_order(order, jobs)]
        faults += [
            f"order {order.number}, job {job.id}: {fault}" for job in jobs for fault in _faults_of_job(order, job)
        ]
    return faults


def _faults_of_order(order: Order, jobs: Sequence[KeptJob]) -> list[str]:
    ids = [job.id for job in jobs]
    if order.job_id is not None and ids != [order.job_id]:
        return [f"was accepted as {order.job_id}, but has become {ids}"]
    return [f"was given once and has become {ids}"] if len(ids) > 1 else []


def _faults_of_job(order: Order, job: KeptJob) -> list[str]:
    if job.status not in TERMINAL:
        return [f"has not ended but is {job.status}"]
    faults = _faults_of_history(job)
    if job.run != 1 + order.retries:
        faults.append(f"is at run {job.run} after {order.retries} retries")
    if order.was_cancelled and not order.retries and job.status != JobStatus.CANCELLED:
        faults.append(f"is {job.status}, but the client got the answer that it is cancelled")
    if not order.was_cancelled and job.status != (expected := _expected_status(order, job)):
        faults.append(f"is {job.status}, not {expected}")
    return faults + _faults_of_credits(order, job)


def _faults_of_history(job: KeptJob) -> list[str]:
    numbers = [seq for _, seq, _ in job.entries]
    faults = [] if numbers == list(range(1, len(numbers) + 1)) else [f"has the history {numbers}"]
    for run in range(1, job.run + 1):
        words = [event for of_run, _, event in job.entries if of_run == run]
        ends = [word for word in words if word in ENDS]
        if len(ends) != 1:
            faults.append(f"run {run} ended {len(ends)} times")
        elif words[-1] != ends[0]:
            faults.append(f"{words[-1]} came after the end of run {run}")
        elif run == job.run and ENDS[ends[0]] != job.status:
            faults.append(f"is {job.status}, but its history ends with {ends[0]}")
    return faults


def _expected_status(order: Order, job: KeptJob) -> JobStatus:
    """Say how a job ends that nobody cancelled."""
    outputs = job.last_outputs or CATALOGUE[job.last_type].outputs
    match order.course:
        case Course.FAILS:
            return JobStatus.FAILED
        case Course.FAILS_ONCE if job.run == 1:
            return JobStatus.FAILED
        case Course.PART if outputs == 1:
            return JobStatus.FAILED
    return JobStatus.COMPLETED


def _faults_of_credits(order: Order, job: KeptJob) -> list[str]:
    paid = job.ledger
    faults = []
    if paid["reserve"] != paid["capture"] + paid["release"]:
        faults.append(f"reserved {paid['reserve']}, but captured {paid['capture']} and released {paid['release']}")
    if paid["capture"] != job.charged_mc:
        faults.append(f"captured {paid['capture']}, but says that it charged {job.charged_mc}")
    due = job.price_mc - (job.last_price_mc if order.course is Course.PART else 0)
    if job.status == JobStatus.COMPLETED and job.charged_mc != due:
        faults.append(f"charged {job.charged_mc} for what costs {due}")
    return faults
