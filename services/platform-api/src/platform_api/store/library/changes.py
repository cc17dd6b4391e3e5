"""Writes workflows and collections in the caller's transaction."""

from dataclasses import asdict
from typing import Any

from darkroom_schemas.ids import UserId, new_uuid7
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.errors import AlreadyExists
from platform_api.domain.library.collection import Collection, SocialLink
from platform_api.domain.library.ports import NewSocialLink
from platform_api.domain.library.workflow import Workflow
from platform_api.store.library.reads import collection_of, one_collection, one_workflow, workflow_of
from platform_api.store.tables.library import collections, custom_nodes, models, social_links, workflows
from platform_api.store.unique import unique


class PostgresLibraryChanges:
    """Implements `LibraryChanges` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_workflow(self, workflow: Workflow) -> None:
        await self._check_not_built_in(workflow.name)
        new = insert(workflows).values(_workflow_row(workflow)).on_conflict_do_nothing()
        if (await self._connection.execute(new.returning(workflows.c.id))).first() is None:
            raise AlreadyExists("workflow", workflow.name)
        await self._store_requirement_names(workflow)

    async def workflow(self, user_id: UserId, name_or_id: str) -> Workflow | None:
        found = await self._connection.execute(one_workflow(user_id, name_or_id).with_for_update())
        row = found.mappings().first()
        return workflow_of(row) if row else None

    async def replace_workflow(self, workflow: Workflow) -> None:
        await self._check_not_built_in(workflow.name)
        change = update(workflows).where(workflows.c.id == workflow.id).values(_workflow_row(workflow))
        with unique("workflow", workflow.name):
            await self._connection.execute(change)
        await self._store_requirement_names(workflow)

    async def remove_workflow(self, workflow_id: str) -> None:
        await self._connection.execute(delete(workflows).where(workflows.c.id == workflow_id))

    async def add_collection(self, collection: Collection) -> None:
        await self._connection.execute(insert(collections).values(_collection_row(collection)))

    async def collection(self, user_id: UserId, collection_id: str) -> Collection | None:
        locked = one_collection(user_id, collection_id).with_for_update(of=collections)
        row = (await self._connection.execute(locked)).mappings().first()
        return collection_of(row) if row else None

    async def replace_collection(self, collection: Collection) -> None:
        change = update(collections).where(collections.c.id == collection.id)
        await self._connection.execute(change.values(_collection_row(collection)))

    async def remove_collection(self, collection_id: str) -> None:
        await self._connection.execute(delete(collections).where(collections.c.id == collection_id))

    async def link(self, user_id: UserId, new: NewSocialLink) -> SocialLink:
        statement = insert(social_links).values(id=new_uuid7(), user_id=user_id, **asdict(new))
        known, given = social_links.c.miniapp_user_id, statement.excluded.miniapp_user_id
        statement = statement.on_conflict_do_update(
            index_elements=["user_id", "social_org", "social_identifier"],
            set_={"miniapp_user_id": func.coalesce(given, known)},
        )
        columns = social_links.c
        row = (await self._connection.execute(statement.returning(columns.id, columns.miniapp_user_id))).one()
        return SocialLink(row.id, new.social_org, new.social_identifier, row.miniapp_user_id)

    async def _check_not_built_in(self, name: str) -> None:
        built_in = select(workflows.c.id).where(workflows.c.name == name, workflows.c.user_id.is_(None))
        if (await self._connection.execute(built_in)).first():
            raise AlreadyExists("workflow", name)

    async def _store_requirement_names(self, workflow: Workflow) -> None:
        for table, names in ((models, workflow.models), (custom_nodes, workflow.custom_nodes)):
            if names:
                rows = [{"user_id": workflow.user_id, "name": name} for name in sorted(set(names))]
                await self._connection.execute(insert(table).values(rows).on_conflict_do_nothing())


def _workflow_row(workflow: Workflow) -> dict[str, Any]:
    lists = {"models": list(workflow.models), "custom_nodes": list(workflow.custom_nodes)}
    return asdict(workflow) | lists | {"type": workflow.type.value}


def _collection_row(collection: Collection) -> dict[str, Any]:
    row = asdict(collection)
    link = row.pop("social_link")
    return row | {"social_link_id": link["id"] if link else None}
