"""Statements that run often look at the rows that they are about, and at no others, however large the tables are.

`PLATFORM_TEST_JOBS` says how large. A quarter of the jobs are those of a user who has made none since; of the others
one user has half, and a thousand users have the rest.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from darkroom_chassis.database import driver_url
from darkroom_chassis.expired_rows import BATCH, some_older
from darkroom_schemas.ids import AssetId, JobId, UserId
from darkroom_schemas.status import JobStatus
from platform_api.domain.assets.filters import AssetFilter
from platform_api.domain.jobs.filters import COUNTED_TO, EVERY_JOB, JobFilter
from platform_api.migrations import MIGRATIONS
from platform_api.store.assets.reads import count_of_assets, page_of_assets
from platform_api.store.assets.removal import name_step_types, older_assets
from platform_api.store.jobs.lists import count_of_jobs, page_of_jobs
from platform_api.store.jobs.reads import MOST_AT_ONCE, SOME
from platform_api.store.jobs.stale_steps import PAGE, page_after, pending_steps, revoked_steps
from platform_api.store.log.outbox import next_rows
from platform_api.store.queries import query
from platform_api.store.tables.assets import asset_tags, assets
from platform_api.store.tables.idempotency import idempotency_keys
from platform_api.store.tables.jobs import jobs, steps
from sqlalchemy import Connection, Table, create_engine, func, insert, select, text, update
from support.many_jobs import add_jobs, add_the_rest, add_users, deliver
from support.query_plans import Plan, plan_of
from support.servers import PostgresDatabases

JOBS = int(os.environ.get("PLATFORM_TEST_JOBS", "100000"))
NOW = datetime.now(UTC)
ROWS = 51
LATER = timedelta(seconds=JOBS // 2)
PENDING = (JobStatus.QUEUED, JobStatus.DELAYED)
ALL_TABLES = frozenset({"jobs", "assets", "steps", "credit_ledger", "idempotency_keys", "outbox"})
JOB_FILTERS = {
    "jobs_user_id_id_idx": EVERY_JOB,
    "jobs_user_id_status_id_idx": JobFilter(PENDING),
    "jobs_user_id_job_type_status_id_idx": JobFilter((), "video_fast"),
}
ASSET_FILTERS = {
    "assets_user_id_id_idx": AssetFilter(),
    "assets_user_id_job_type_id_idx": AssetFilter(job_type="video_fast"),
    "assets_user_id_mime_type_id_idx": AssetFilter(mime_type="video/mp4"),
}


@pytest.fixture(scope="module")
def database_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = postgres_databases.server.url(name := postgres_databases.create(MIGRATIONS.upgrade))
    yield url
    postgres_databases.drop(name)


@pytest.fixture(scope="module")
def owners(database_url: str) -> dict[str, UserId]:
    """Fill the tables."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        [dormant, large, *small] = add_users(connection, 1002)
        add_jobs(connection, [dormant], JOBS // 4, last_age_s=3 * JOBS // 4)
        add_jobs(connection, [*small, *[large] * len(small)], 3 * JOBS // 4)
        deliver(connection)
        add_the_rest(connection)
    return {"one of many": small[0], "large": large, "dormant": dormant}


@pytest.fixture
def connection(database_url: str, owners: dict[str, UserId]) -> Iterator[Connection]:
    engine = create_engine(driver_url(database_url))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


@pytest.fixture(params=["large", "dormant"])
def owner(request: pytest.FixtureRequest, owners: dict[str, UserId]) -> UserId:
    return owners[request.param]


def looks(plan: Plan, index: str, at_most: int) -> bool:
    assert index in plan.indexes, plan.text
    assert not plan.scanned & ALL_TABLES, plan.text
    assert plan.rows <= at_most, plan.text
    return True


def middle_of(connection: Connection, table: Table, owner: UserId) -> str:
    of_owner = table.c.user_id == owner, table.c.created_at < NOW - LATER
    middle = select(table.c.id).where(*of_owner).order_by(table.c.id.desc()).limit(1)
    return str(connection.execute(middle).scalar_one())


def test_lists_of_one_of_many_users_look_at_nobody_elses(connection: Connection, owners: dict[str, UserId]) -> None:
    owner, own = owners["one of many"], JOBS // 1000
    for jobs_where in JOB_FILTERS.values():
        page = page_of_jobs(owner, jobs_where, rows=ROWS, before=None, skipped=0, oldest_first=False)
        assert plan_of(connection, page).rows <= len(JobStatus) * own
    for assets_where in ASSET_FILTERS.values():
        page = page_of_assets(owner, assets_where, rows=ROWS, before=None, skipped=0)
        assert plan_of(connection, page).rows <= own


@pytest.mark.parametrize("index", JOB_FILTERS)
def test_a_page_of_jobs_is_read_in_the_order_of_an_index(connection: Connection, owner: UserId, index: str) -> None:
    before = JobId(middle_of(connection, jobs, owner))
    for cursor in (None, before):
        page = page_of_jobs(owner, JOB_FILTERS[index], rows=ROWS, before=cursor, skipped=0, oldest_first=False)
        assert looks(plan_of(connection, page), index, 8 * ROWS)


def test_jobs_without_any_of_the_status_asked_for_are_not_looked_at(connection: Connection, owner: UserId) -> None:
    running_videos = JobFilter((JobStatus.RUNNING, JobStatus.DELAYED), "video_fast")
    page = page_of_jobs(owner, running_videos, rows=ROWS, before=None, skipped=0, oldest_first=False)
    assert looks(plan_of(connection, page), "jobs_user_id_job_type_status_id_idx", 0)


def test_jobs_of_a_time_are_read_from_their_ids(connection: Connection, owner: UserId) -> None:
    then = NOW - LATER
    of_an_hour = JobFilter(created_from=then - timedelta(hours=1), created_before=then)
    page = page_of_jobs(owner, of_an_hour, rows=ROWS, before=None, skipped=0, oldest_first=False)
    assert looks(plan_of(connection, page), "jobs_user_id_id_idx", 4 * ROWS)


def test_a_filtered_list_is_counted_up_to_a_bound(connection: Connection, owner: UserId) -> None:
    plan = plan_of(connection, count_of_jobs(owner, JobFilter((JobStatus.COMPLETED, JobStatus.FAILED))))
    assert looks(plan, "jobs_user_id_status_id_idx", 2 * COUNTED_TO + 2)


@pytest.mark.parametrize("index", ASSET_FILTERS)
def test_a_page_of_assets_is_read_in_the_order_of_an_index(connection: Connection, owner: UserId, index: str) -> None:
    before = AssetId(middle_of(connection, assets, owner))
    for cursor in (None, before):
        page = page_of_assets(owner, ASSET_FILTERS[index], rows=ROWS, before=cursor, skipped=0)
        assert looks(plan_of(connection, page), index, 4 * ROWS)


def test_assets_of_one_job_are_read_in_order_from_their_own_index(connection: Connection, owner: UserId) -> None:
    some = select(assets.c.id, assets.c.job_id).where(assets.c.user_id == owner).limit(1)
    asset_id, job_id = connection.execute(some).one()
    where = AssetFilter(job_id=JobId(job_id))
    for cursor in (None, AssetId(asset_id)):
        page = page_of_assets(owner, where, rows=ROWS, before=cursor, skipped=0)
        assert looks(plan_of(connection, page), "assets_job_id_run_step_output_index_key", ROWS)
    assert looks(plan_of(connection, count_of_assets(owner, where)), "assets_job_id_run_step_output_index_key", ROWS)


@pytest.mark.parametrize(
    "where", [AssetFilter(tags=("rare",)), AssetFilter(words=("boat", "rar")), AssetFilter(model="rare-model")]
)
def test_rare_tags_words_and_models_are_found_without_a_look_at_other_assets(
    connection: Connection, owners: dict[str, UserId], where: AssetFilter
) -> None:
    owner = owners["large"]
    newest = select(assets.c.id).where(assets.c.user_id == owner).order_by(assets.c.id).limit(20)
    ids = connection.execute(newest).scalars().all()
    recipe = {"prompt": "a Boat, very RARE", "model": "rare-model", "backend": "b", "backend_type": "comfyui"}
    connection.execute(update(assets).where(assets.c.id.in_(ids)).values(recipe=recipe))
    tagged = [{"user_id": owner, "tag": "rare", "asset_id": id_, "name": "Rare"} for id_ in ids]
    connection.execute(insert(asset_tags), tagged)
    page = plan_of(connection, page_of_assets(owner, where, rows=ROWS, before=None, skipped=0))
    assert not page.scanned & ALL_TABLES, page.text
    assert page.rows <= 10 * len(ids), page.text
    assert len(connection.execute(page_of_assets(owner, where, rows=ROWS, before=None, skipped=0)).all()) == len(ids)


def test_favourites_are_read_from_their_own_index(connection: Connection, owner: UserId) -> None:
    some = select(assets.c.id).where(assets.c.user_id == owner).order_by(assets.c.id).limit(20)
    connection.execute(update(assets).where(assets.c.id.in_(some)).values(favourite=True))
    page = page_of_assets(owner, AssetFilter(favourite=True), rows=ROWS, before=None, skipped=0)
    assert looks(plan_of(connection, page), "assets_favourite_idx", 4 * 20)


def test_jobs_that_are_read_together_are_found_by_their_ids(connection: Connection, owner: UserId) -> None:
    some = connection.execute(select(jobs.c.id).where(jobs.c.user_id == owner).limit(MOST_AT_ONCE)).scalars().all()
    statement = text(SOME.decode().replace("%(ids)s", ":ids"))
    assert looks(plan_of(connection, statement, {"ids": some}), "jobs_pkey", MOST_AT_ONCE)


def test_the_relay_reads_the_first_rows_of_the_outbox(connection: Connection) -> None:
    assert looks(plan_of(connection, next_rows(200)), "outbox_pkey", 200)


def test_steps_that_wait_for_long_are_found_among_those_that_wait(connection: Connection) -> None:
    plan = plan_of(connection, page_after(pending_steps(NOW), steps.c.submitted_at, None))
    assert looks(plan, "steps_pending_idx", 4 * PAGE)


def test_steps_that_were_revoked_lately_are_found_by_their_end(connection: Connection) -> None:
    plan = plan_of(connection, page_after(revoked_steps(NOW - timedelta(minutes=30)), steps.c.finished_at, None))
    assert looks(plan, "steps_revoked_idx", 4 * PAGE)


@pytest.mark.parametrize("step_type", ["sdxl_image_fast", "video_fast", "a type of which nothing was made"])
def test_assets_past_their_days_are_read_among_those_of_their_steps_type(
    connection: Connection, step_type: str
) -> None:
    oldest = plan_of(connection, older_assets(step_type, NOW - LATER, limit=200))
    assert looks(oldest, "assets_step_type_id_idx", 4 * 200)


def test_types_of_steps_are_listed_without_a_look_at_every_asset(connection: Connection) -> None:
    plan = plan_of(connection, text(query("asset_step_types")), {})
    assert looks(plan, "assets_step_type_id_idx", 20)


def test_assets_without_their_steps_type_are_found_among_all_others(connection: Connection) -> None:
    a_hundred = select(assets.c.id).order_by(assets.c.id.desc()).limit(100)
    connection.execute(update(assets).where(assets.c.id.in_(a_hundred)).values(step_type=None))
    assert looks(plan_of(connection, name_step_types(limit=1000)), "assets_step_type_id_idx", 10 * 100)


def test_the_statement_of_credits_is_read_in_the_order_of_the_ledger(connection: Connection, owner: UserId) -> None:
    statement = text(query("credit_statement"))
    plan = plan_of(connection, statement, {"user_id": owner, "before": None, "lines": ROWS})
    queued = JOBS // 1000
    assert looks(plan, "credit_ledger_user_id_id_idx", 4 * ROWS + queued)


def test_expired_idempotency_keys_are_found_by_their_age(connection: Connection) -> None:
    old = some_older(idempotency_keys.c.created_at, func.now() - timedelta(hours=24))
    assert looks(plan_of(connection, old), "idempotency_keys_created_at_idx", 4 * BATCH)
