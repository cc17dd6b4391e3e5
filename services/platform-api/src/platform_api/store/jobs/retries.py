"""Writes a new run of a job in the caller's transaction, with the job's row locked."""

from sqlalchemy import insert, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.errors import NotEnoughCredits
from platform_api.domain.jobs.change import Restart
from platform_api.store.accounts.rows import ledger_rows
from platform_api.store.jobs.rows import history_row, step_row
from platform_api.store.jobs.step_changes import UPDATE_STEP, JobChangedMeanwhile, step_update
from platform_api.store.log.rows import outbox_row
from platform_api.store.tables.accounts import users
from platform_api.store.tables.credits import credit_ledger
from platform_api.store.tables.jobs import job_history, jobs, steps
from platform_api.store.tables.log import outbox

_BACK_UP = text("""
    INSERT INTO platform.job_retry_backup (job_id, run, data)
    SELECT id, run, to_jsonb(j) || jsonb_build_object('steps', (
        SELECT jsonb_agg(to_jsonb(s) ORDER BY s.number) FROM platform.steps s WHERE s.job_id = j.id AND s.run = j.run
    ))
    FROM platform.jobs j WHERE id = CAST(:job_id AS uuid)
""")


async def write_restart(connection: AsyncConnection, restart: Restart) -> None:
    """Copy the job to the backup table and write its new run."""
    before, job, run = restart.before, restart.state.job, connection.execute
    await run(_BACK_UP, {"job_id": job.id})
    unchanged = (jobs.c.id == job.id, jobs.c.run == before.run, jobs.c.status == before.status.value)
    written = await run(
        update(jobs)
        .where(*unchanged)
        .values(
            run=job.run,
            status=job.status.value,
            steps_done=job.steps_done,
            outputs=[],
            text=job.text,
            error=null(),
            reported=null(),
            history_seq=job.history_seq,
            updated_at=job.updated_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
        )
    )
    if written.rowcount != 1:
        raise JobChangedMeanwhile(f"job {job.id} was changed since it was read")
    if restart.given_up:
        await run(UPDATE_STEP, [step_update(step) for step in restart.given_up])
    await run(insert(steps), [step_row(step) for step in restart.state.steps])
    await run(insert(job_history), [history_row(restart.history, None)])
    if restart.ledger:
        await run(insert(credit_ledger), ledger_rows(job, restart.ledger))
    await run(insert(outbox), [outbox_row(job, item) for item in restart.outbox])
    await _debit(connection, restart)


async def _debit(connection: AsyncConnection, restart: Restart) -> None:
    """Debit the user. Last: a transaction that holds a lock on a user never waits for a lock on a job."""
    if not restart.debit_mc:
        return
    of_user, balance = users.c.id == restart.before.user_id, users.c.balance_mc
    paid = update(users).where(of_user, balance >= restart.debit_mc).values(balance_mc=balance - restart.debit_mc)
    if not (await connection.execute(paid)).rowcount:
        left = (await connection.execute(select(balance).where(of_user))).scalar_one()
        raise NotEnoughCredits(restart.debit_mc, left)
