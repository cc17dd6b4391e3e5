"""Collections: saved templates with variables, from which jobs are generated."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from darkroom_schemas.ids import UserId
from darkroom_schemas.workflow import CollectionData
from pydantic import ValidationError

from platform_api.domain.errors import CollectionCorrupted


@dataclass(frozen=True, slots=True)
class SocialLink:
    """A person on a social network on whose behalf a collection is held."""

    id: str
    social_org: str
    social_identifier: str
    miniapp_user_id: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A user's collection. `data` is stored as JSON and may be damaged; read it with `data_of`."""

    id: str
    user_id: UserId
    title: str
    description: str
    data: dict[str, Any]
    status: str
    blockchain: str
    price: Decimal
    editions: int
    cover_image_url: str | None
    miniapp_cover_image: str | None
    cast_hash: str | None
    project_id: str
    social_link: SocialLink | None
    created_at: datetime


def data_of(collection: Collection) -> CollectionData:
    """Parse the stored data of a collection; raises `CollectionCorrupted`."""
    try:
        return CollectionData.model_validate(collection.data)
    except ValidationError as error:
        problems = {
            ".".join(("data", *map(str, problem["loc"]))): problem["msg"]
            for problem in error.errors(include_url=False, include_input=False)
        }
        raise CollectionCorrupted(collection.id, problems) from None
