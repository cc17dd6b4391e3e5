"""Interfaces to the storage of workflows, collections, and names of models and custom nodes."""

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
    """One page, newest first; `cursor` continues after the last item."""

    items: tuple[Item, ...]
    cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The requested part of a list; `before` takes precedence over `offset`."""

    limit: int
    before: str | None = None
    offset: int = 0


class ResourceKind(StrEnum):
    """Kinds of resources that steps may require by name."""

    MODEL = "model"
    CUSTOM_NODE = "custom_node"


@dataclass(frozen=True, slots=True)
class Named:
    """A model or custom node that the user's workflows name."""

    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSocialLink:
    """A person on a social network, as a request identifies them."""

    social_org: str
    social_identifier: str
    miniapp_user_id: str | None = None


class Library(Protocol):
    """Reads. Items of other users do not exist for the caller; built-in workflows are visible to all users."""

    async def workflow(self, user_id: UserId, name_or_id: str) -> Workflow | None:
        """Return a workflow; the user's own takes precedence over a built-in one."""
        ...

    async def workflows(
        self, user_id: UserId, page: PageRequest, *, needs_credential: bool | None
    ) -> LibraryPage[Workflow]:
        """Return one page of the workflows to display."""
        ...

    async def collection(self, user_id: UserId, collection_id: str) -> Collection | None: ...

    async def collections(self, user_id: UserId, page: PageRequest) -> LibraryPage[Collection]: ...

    async def named(self, user_id: UserId, kind: ResourceKind) -> list[Named]: ...


class LibraryChanges(Protocol):
    """Writes, inside the caller's transaction."""

    async def add_workflow(self, workflow: Workflow) -> None:
        """Store a workflow and the names of its requirements; raises `AlreadyExists`."""
        ...

    async def workflow(self, user_id: UserId, name_or_id: str) -> Workflow | None:
        """Lock and return a workflow; the user's own takes precedence over a built-in one."""
        ...

    async def replace_workflow(self, workflow: Workflow) -> None:
        """Replace a workflow under its id; raises `AlreadyExists`."""
        ...

    async def remove_workflow(self, workflow_id: str) -> None: ...

    async def add_collection(self, collection: Collection) -> None: ...

    async def collection(self, user_id: UserId, collection_id: str) -> Collection | None:
        """Lock and return one of the user's collections."""
        ...

    async def replace_collection(self, collection: Collection) -> None:
        """Replace a collection under its id; its social link does not change."""
        ...

    async def remove_collection(self, collection_id: str) -> None: ...

    async def link(self, user_id: UserId, new: NewSocialLink) -> SocialLink:
        """Find or create the link; a given `miniapp_user_id` replaces the stored one."""
        ...
