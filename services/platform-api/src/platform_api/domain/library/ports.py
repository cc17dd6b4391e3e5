"""What jobs are made from, as the domain needs it kept: workflows, collections, and names of models and nodes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from darkroom_schemas.ids import UserId

from platform_api.domain.library.collection import Collection, SocialLink
from platform_api.domain.library.workflow import Workflow

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class LibraryPage(Generic[Item]):
    """Newest first; `cursor` continues after the last item."""

    items: tuple[Item, ...]
    cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list; `before` wins over `offset`."""

    limit: int
    before: str | None = None
    offset: int = 0


class ResourceKind(StrEnum):
    """What steps may require by name."""

    MODEL = "model"
    CUSTOM_NODE = "custom_node"


@dataclass(frozen=True, slots=True)
class Named:
    """A model or custom node that workflows of the user name."""

    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSocialLink:
    """Somebody on a social network, as a request names them."""

    social_org: str
    social_identifier: str
    miniapp_user_id: str | None = None


class Library(Protocol):
    """Reads; another user's things are not there, built-in ones are everybody's."""

    async def workflow(self, user_id: UserId, name_or_id: str) -> Workflow | None:
        """Return the user's own one before a built-in one."""
        ...

    async def workflows(
        self, user_id: UserId, page: PageRequest, *, needs_credential: bool | None
    ) -> LibraryPage[Workflow]:
        """List those to be displayed."""
        ...

    async def collection(self, user_id: UserId, collection_id: str) -> Collection | None: ...

    async def collections(self, user_id: UserId, page: PageRequest) -> LibraryPage[Collection]: ...

    async def named(self, user_id: UserId, kind: ResourceKind) -> list[Named]: ...


class LibraryChanges(Protocol):
    """Writes, inside the caller's transaction."""

    async def add_workflow(self, workflow: Workflow) -> None:
        """Keep a workflow and the names of what it requires; raises `AlreadyExists`."""
        ...

    async def workflow(self, user_id: UserId, name_or_id: str) -> Workflow | None:
        """Lock and return the user's own one before a built-in one."""
        ...

    async def replace_workflow(self, workflow: Workflow) -> None:
        """Keep another form of a workflow under its id; raises `AlreadyExists`."""
        ...

    async def remove_workflow(self, workflow_id: str) -> None: ...

    async def add_collection(self, collection: Collection) -> None: ...

    async def collection(self, user_id: UserId, collection_id: str) -> Collection | None:
        """Lock and return a collection of the user's own."""
        ...

    async def replace_collection(self, collection: Collection) -> None:
        """Keep another form of a collection under its id; for whom it is held stays."""
        ...

    async def remove_collection(self, collection_id: str) -> None: ...

    async def link(self, user_id: UserId, new: NewSocialLink) -> SocialLink:
        """Find or make the link; a `miniapp_user_id` that is given replaces the one that was known."""
        ...
