"""Deletes a user in one transaction: rows of all tables, steps in the queue, and the scheduled object deletions."""

from darkroom_chassis.database import Database
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import UserId, step_id
from darkroom_schemas.status import TERMINAL
from sqlalchemy import delete, func, insert, select, text, union_all
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.store.accounts.owned_rows import owned_by, owned_tables
from platform_api.store.accounts.published_keys import ALL, publication_of
from platform_api.store.assets.orphan_scans import scan_later
from platform_api.store.log.rows import event_row
from platform_api.store.tables.accounts import users
from platform_api.store.tables.assets import assets
from platform_api.store.tables.jobs import jobs, steps
from platform_api.store.tables.log import outbox
from platform_api.store.tables.object_removal import object_deletions

STATEMENT_TIMEOUT_MS = 600_000
"""A user may have millions of rows."""
_ALLOW_LEDGER = text("SELECT set_config('platform.deleted_user', :user_id, true)")
"""The ledger is append-only: its trigger lets lines of this user be deleted until the end of the transaction."""


class PostgresUserDeletion:
    """Implements `UserDeletion`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, user_id: UserId) -> bool:
        async with self._database.begin() as connection:
            await connection.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"))
            # Locks: jobs before users, in the order of their ids, as in every transaction.
            own = select(jobs.c.id).where(jobs.c.user_id == user_id).order_by(jobs.c.id).with_for_update()
            await connection.execute(select(func.count()).select_from(own.subquery()))
            locked = select(users.c.id).where(users.c.id == user_id).with_for_update()
            if (await connection.execute(locked)).first() is None:
                return False
            await _cancel_steps(connection, user_id)
            await _delete_objects(connection, user_id)
            await connection.execute(_ALLOW_LEDGER, {"user_id": user_id})
            for table in reversed(owned_tables()):
                condition = owned_by(table, user_id)
                assert condition is not None  # noqa: S101 - by the definition of owned_tables
                await connection.execute(delete(table).where(condition))
            # The keys are gone, so that all others are published in their place.
            await connection.execute(insert(outbox), [_deleted_event(user_id), publication_of(ALL)])
        return True


async def _cancel_steps(connection: AsyncConnection, user_id: UserId) -> None:
    """Replace what the outbox has for the user's jobs by the cancellation of their steps.

    Workers may still store files of a step that is running, so that its job is scanned a day later.
    """
    own = select(jobs.c.id).where(jobs.c.user_id == user_id)
    # The relay deletes the rows that it has locked, and may wait for the jobs meanwhile.
    waiting = select(outbox.c.id).where(outbox.c.job_id.in_(own)).with_for_update(skip_locked=True)
    await connection.execute(delete(outbox).where(outbox.c.id.in_(waiting)))
    active = select(steps.c.job_id, steps.c.run, steps.c.number).join(jobs, jobs.c.id == steps.c.job_id)
    submitted = (jobs.c.user_id == user_id, steps.c.status.not_in(sorted(TERMINAL)), steps.c.submitted_at.is_not(None))
    found = (await connection.execute(active.where(*submitted))).all()
    if found:
        rows = [
            {
                "kind": "cancel",
                "job_id": row.job_id,
                "history_seq": None,
                "body": {"step_id": step_id(row.job_id, row.run, row.number), "reason": "the user was deleted"},
            }
            for row in found
        ]
        await connection.execute(insert(outbox), rows)
        await scan_later(connection, {row.job_id for row in found})


async def _delete_objects(connection: AsyncConnection, user_id: UserId) -> None:
    own = assets.c.user_id == user_id
    keys = union_all(
        select(assets.c.object_key).where(own),
        select(assets.c.thumbnail_key).where(own, assets.c.thumbnail_key.is_not(None)),
    )
    await connection.execute(upsert(object_deletions).from_select(["object_key"], keys).on_conflict_do_nothing())


def _deleted_event(user_id: UserId) -> dict[str, object]:
    """Return the outbox row of the event by which other services delete what they store. It has no job."""
    return event_row(user_id, {"type": EventType.USER_DELETED, "tenant": user_id, "data": {}})
