"""Reads of workflows, collections, models and custom nodes."""

from collections.abc import Callable
from typing import Any, TypeVar

from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId
from darkroom_schemas.workflow import WorkflowType
from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select

from platform_api.domain.library.collection import Collection, SocialLink
from platform_api.domain.library.ports import LibraryPage, Named, PageRequest, ResourceKind
from platform_api.domain.library.workflow import Workflow
from platform_api.store.tables.library import collections, custom_nodes, models, social_links, workflows

Item = TypeVar("Item")
_WITH_LINK = select(
    collections, *(social_links.c[name].label(f"link_{name}") for name in ("social_org", "social_identifier"))
).add_columns(social_links.c.miniapp_user_id.label("link_miniapp_user_id"))
_WITH_LINK = _WITH_LINK.select_from(collections.outerjoin(social_links))


class PostgresLibrary:
    """Implements `Library`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def workflow(self, user_id: UserId, name_or_id: str) -> Workflow | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(one_workflow(user_id, name_or_id))).mappings().first()
        return workflow_of(row) if row else None

    async def workflows(
        self, user_id: UserId, page: PageRequest, *, needs_credential: bool | None
    ) -> LibraryPage[Workflow]:
        where = and_(_visible(user_id), workflows.c.display)
        if needs_credential is not None:
            where = and_(where, workflows.c.needs_credential.is_(needs_credential))
        return await self._page(select(workflows), workflows.c.id, where, page, workflow_of)

    async def collection(self, user_id: UserId, collection_id: str) -> Collection | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(one_collection(user_id, collection_id))).mappings().first()
        return collection_of(row) if row else None

    async def collections(self, user_id: UserId, page: PageRequest) -> LibraryPage[Collection]:
        own = collections.c.user_id == user_id
        return await self._page(_WITH_LINK, collections.c.id, own, page, collection_of)

    async def named(self, user_id: UserId, kind: ResourceKind) -> list[Named]:
        table = models if kind is ResourceKind.MODEL else custom_nodes
        statement = select(table.c.name, table.c.created_at).where(table.c.user_id == user_id)
        async with self._database.connect() as connection:
            return [Named(row.name, row.created_at) for row in await connection.execute(statement)]

    async def _page(
        self,
        statement: Select[Any],
        id_: ColumnElement[Any],
        where: ColumnElement[bool],
        page: PageRequest,
        read: Callable[[RowMapping], Item],
    ) -> LibraryPage[Item]:
        statement = statement.where(where).order_by(id_.desc()).limit(page.limit + 1)
        statement = statement.where(id_ < page.before) if page.before else statement.offset(page.offset)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
            total = (await connection.execute(select(func.count(id_)).where(where))).scalar_one()
        cursor = str(rows[page.limit - 1]["id"]) if len(rows) > page.limit else None
        return LibraryPage(tuple(map(read, rows[: page.limit])), cursor, total)


def one_workflow(user_id: UserId, name_or_id: str) -> Select[Any]:
    """Select a workflow; the user's own takes precedence over a built-in one."""
    columns = workflows.c
    is_it = or_(columns.name == name_or_id, func.cast(columns.id, columns.name.type) == name_or_id)
    return select(workflows).where(_visible(user_id), is_it).order_by(columns.user_id.is_(None)).limit(1)


def one_collection(user_id: UserId, collection_id: str) -> Select[Any]:
    """Select one of the user's collections with its social link."""
    return _WITH_LINK.where(collections.c.id == collection_id, collections.c.user_id == user_id)


def _visible(user_id: UserId) -> ColumnElement[bool]:
    return or_(workflows.c.user_id == user_id, workflows.c.user_id.is_(None))


def workflow_of(row: RowMapping) -> Workflow:
    """Build a workflow from a row of `workflows`."""
    values = {column.name: row[column.name] for column in workflows.c}
    values |= {name: tuple(row[name]) for name in ("models", "custom_nodes")}
    return Workflow(**values | {"type": WorkflowType(row["type"])})


def collection_of(row: RowMapping) -> Collection:
    """Build a collection from a row of `collections` joined with its link."""
    values = {column.name: row[column.name] for column in collections.c if column.name != "social_link_id"}
    link = None
    if row["social_link_id"]:
        known = {name: row[f"link_{name}"] for name in ("social_org", "social_identifier", "miniapp_user_id")}
        link = SocialLink(id=row["social_link_id"], **known)
    return Collection(**values, social_link=link)
