"""Changes or removes a user's collection. Jobs generated from it are not affected."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from darkroom_schemas.ids import UserId

from platform_api.domain.errors import InvalidParameter, NotFound
from platform_api.domain.library.collection import Collection, data_of
from platform_api.domain.library.create_collection import check_data
from platform_api.domain.library.ports import LibraryChanges


@dataclass(frozen=True, slots=True)
class CollectionChange:
    """New values of fields, of parts of `data`, and of the component that only simple collections have."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    component: Mapping[str, Any] = field(default_factory=dict)


async def change_collection(
    collection_id: str, user_id: UserId, change: CollectionChange, *, library: LibraryChanges
) -> Collection:
    """Change fields of a collection and return it.

    Raises `NotFound`, `InvalidParameter`, or `CollectionCorrupted` if the stored data is at fault.
    """
    collection = replace(await _own(collection_id, user_id, library), **change.fields)
    if change.data or change.component:
        data_json = {**collection.data, **change.data}
        if change.component:
            if not isinstance(data_json.get("component"), dict):
                raise InvalidParameter("template_json", "requires a job_type, and exists in simple collections only")
            data_json["component"] = {**data_json["component"], **change.component}
        data = data_of(replace(collection, data=data_json))
        check_data(data)
        collection = replace(collection, data=data.model_dump(mode="json"))
    await library.replace_collection(collection)
    return collection


async def remove_collection(collection_id: str, user_id: UserId, *, library: LibraryChanges) -> Collection:
    """Remove a collection and return it; raises `NotFound`."""
    collection = await _own(collection_id, user_id, library)
    await library.remove_collection(collection.id)
    return collection


async def _own(collection_id: str, user_id: UserId, library: LibraryChanges) -> Collection:
    collection = await library.collection(user_id, collection_id)
    if collection is None:
        raise NotFound("collection")
    return collection
