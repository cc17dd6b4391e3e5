"""Saves a collection after checking that its template has a variable for each placeholder."""

from dataclasses import replace

from darkroom_schemas.workflow import CollectionData

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.library.collection import Collection
from platform_api.domain.library.ports import LibraryChanges, NewSocialLink
from platform_api.domain.library.workflow import check_job_type
from platform_api.domain.planning.placeholders import check_placeholders
from platform_api.domain.planning.variables import variables_in


async def create_collection(
    collection: Collection, data: CollectionData, link: NewSocialLink | None, *, library: LibraryChanges
) -> Collection:
    """Check and save a collection, held on behalf of the person in `link` if given; raises `InvalidParameter`."""
    check_data(data)
    stored = replace(collection, data=data.model_dump(mode="json"))
    if link is not None:
        stored = replace(stored, social_link=await library.link(collection.user_id, link))
    await library.add_collection(stored)
    return stored


def check_data(data: CollectionData) -> None:
    """Reject a template with placeholders that no variable fills; raises `InvalidParameter`."""
    names = [variable.template_mapping for variable in data.variables]
    if len(set(names)) < len(names):
        raise InvalidParameter("variables", "must map to different placeholders of the template")
    if data.component is not None:
        check_job_type(data.component.job_type, "job_type")
        check_placeholders(data.component.template, "template_json")
        if unmapped := sorted(set(variables_in(data.component.template)) - set(names)):
            raise InvalidParameter("template_json", f"has placeholders without a variable: {', '.join(unmapped)}")
