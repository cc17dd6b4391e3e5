"""New workflows and collections, written inside the caller's transaction."""

from dataclasses import asdict

from darkroom_schemas.ids import UserId, new_uuid7
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.collection import Collection, SocialLink
from platform_api.domain.errors import AlreadyExists
from platform_api.domain.library import NewSocialLink
from platform_api.domain.workflow import Workflow
from platform_api.store.workflow_tables import collections, custom_nodes, models, social_links, workflows


class PostgresLibraryChanges:
    """Implements `LibraryChanges` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_workflow(self, workflow: Workflow) -> None:
        columns, run = workflows.c, self._connection.execute
        is_built_in = select(columns.id).where(columns.name == workflow.name, columns.user_id.is_(None))
        if (await run(is_built_in)).first():
            raise AlreadyExists("workflow", workflow.name)
        row = asdict(workflow) | {"models": list(workflow.models), "custom_nodes": list(workflow.custom_nodes)}
        new = insert(workflows).values(row | {"type": workflow.type.value}).on_conflict_do_nothing()
        if (await run(new.returning(columns.id))).first() is None:
            raise AlreadyExists("workflow", workflow.name)
        for table, names in ((models, workflow.models), (custom_nodes, workflow.custom_nodes)):
            if names:
                rows = [{"user_id": workflow.user_id, "name": name} for name in sorted(set(names))]
                await run(insert(table).values(rows).on_conflict_do_nothing())

    async def add_collection(self, collection: Collection) -> None:
        row = asdict(collection)
        link = row.pop("social_link")
        row["social_link_id"] = link["id"] if link else None
        await self._connection.execute(insert(collections).values(row))

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
