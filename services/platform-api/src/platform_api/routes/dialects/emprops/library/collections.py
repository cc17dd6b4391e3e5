"""`/api/collections`: list, read and create; and simple collections, held on behalf of another person."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import JsonObject, Line, Text
from darkroom_schemas.ids import UserId, new_uuid7
from darkroom_schemas.workflow import CollectionData, Component, Variable
from fastapi import APIRouter, Response
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema

from platform_api.context import Context, Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.idempotency import UnitOfWork
from platform_api.domain.library.collection import Collection
from platform_api.domain.library.create_collection import create_collection
from platform_api.domain.library.ports import NewSocialLink, PageRequest
from platform_api.domain.library.workflow import FLEXIBLE_PROMPT
from platform_api.http.auth import CurrentUser
from platform_api.http.numbers import NotBoolean
from platform_api.http.pagination import Pagination
from platform_api.http.requests import (
    AnyContentTypeRoute,
    CollectionIdPath,
    IdempotencyHeader,
    ItemCursor,
    Limit,
    Offset,
    answered,
    keyed,
)
from platform_api.routes.dialects.emprops.library.mapping import CollectionAnswer, CollectionList, collection_item

router = APIRouter(tags=["collections"], route_class=AnyContentTypeRoute)
Description = Annotated[Text, Field(max_length=4000)]
Link = Annotated[Text, Field(max_length=2000)]
Price = Annotated[
    Decimal,
    Field(ge=0, le=10**12, max_digits=30, decimal_places=18),
    NotBoolean,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 10**12},
                {"type": "string", "maxLength": 32, "pattern": r"^\d{1,13}(\.\d{1,18})?$"},
            ]
        },
        mode="validation",
    ),
]
Editions = Annotated[int, Field(ge=1, le=2**31 - 1), NotBoolean]
CREATED: dict[int | str, dict[str, Any]] = {
    400: {"description": "A field is not valid"},
    422: {"description": "The Idempotency-Key was used with another request"},
}


def _unbraced(value: Any) -> Any:  # Any: whatever the client sent
    """Return `style` for `{{style}}`."""
    return value.strip().removeprefix("{{").removesuffix("}}").strip() if isinstance(value, str) else value


class NewVariable(RequestBody):
    """A variable that the user of the collection can set. Its value replaces `{{template_mapping}}`."""

    name: Line
    template_mapping: Annotated[Text, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$"), BeforeValidator(_unbraced)]
    options: Annotated[list[Line], Field(max_length=200)] | None = None
    is_selectable: StrictBool = False
    is_customizable: StrictBool = False

    def to_variable(self) -> Variable:
        """Return the variable as it is stored."""
        return Variable(**self.model_dump(exclude={"options"}), options=tuple(self.options or ()))


class Sale(RequestBody):
    """Fields that both kinds of collections have."""

    title: Line
    description: Description
    blockchain: Literal["tezos", "base"] = "tezos"
    price: Price = Decimal(0)
    editions: Editions = 1
    cover_image_url: Link | None = None
    project_id: Line | None = Field(default=None, description="Default: the user's default project.")


class NewCollection(Sale):
    """A collection of the caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Lighthouses",
                    "workflow": "sdxl_image",
                    "variables": [{"name": "Prompt", "template_mapping": "prompt", "is_customizable": True}],
                }
            ]
        }
    )

    description: Description = ""
    workflow: Line | None = Field(default=None, description="Name or id of the workflow used for generation.")
    variables: Annotated[list[NewVariable], Field(max_length=100)] = Field(default_factory=list)


class CollectionDetails(Sale):
    """Details of the sale, and the person for whom the collection is held."""

    social_org: Literal["farcaster", "twitter"]
    social_identifier: Line
    miniapp_user_id: Line | None = None
    miniapp_cover_image: Link | None = None
    cast_hash: Line | None = None


class NewSimpleCollection(RequestBody):
    """A collection held on behalf of a person on a social network: a job type, and a template of its payload."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "collection_details": {
                        "title": "Lighthouses",
                        "description": "One for each coast",
                        "social_org": "farcaster",
                        "social_identifier": "12345",
                    },
                    "variables": [{"name": "Coast", "template_mapping": "coast", "options": ["rocky", "sandy"]}],
                    "job_type": "sdxl_image_fast",
                    "template_json": {"prompt": "a lighthouse on a {{coast}} coast"},
                }
            ]
        },
    )

    collection_details: CollectionDetails
    variables: Annotated[list[NewVariable], Field(max_length=100)]
    job_type: Line
    template_json: JsonObject


@router.get(
    "/api/collections", operation_id="list_collections", summary="List collections", response_model=CollectionList
)
async def list_collections(
    context: Ctx, user_id: CurrentUser, limit: Limit = 50, offset: Offset = 0, cursor: ItemCursor = None
) -> Response:
    """List the caller's collections, newest first."""
    page = await context.library.collections(user_id, PageRequest(limit, cursor, offset))
    answer = CollectionList(
        data=[*map(collection_item, page.items)],
        pagination=Pagination(limit=limit, total=page.total, total_is_exact=True, cursor=page.cursor),
    )
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get(
    "/api/collections/{collection_id}",
    operation_id="get_collection",
    summary="Read a collection",
    responses={404: {"description": "No such collection, or it belongs to another user"}},
)
async def get_collection(collection_id: CollectionIdPath, context: Ctx, user_id: CurrentUser) -> CollectionAnswer:
    """Return a collection with its variables and its component."""
    collection = await context.library.collection(user_id, collection_id)
    if collection is None:
        raise NotFound("collection")
    return CollectionAnswer(data=collection_item(collection))


@router.post(
    "/api/collections",
    operation_id="create_collection",
    summary="Create a collection",
    response_model=CollectionAnswer,
    responses=CREATED,
)
async def create(
    body: NewCollection, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Save a collection: a workflow, with the variables that can be set at generation."""
    data = CollectionData(workflow=body.workflow, variables=tuple(one.to_variable() for one in body.variables))
    key = keyed(idempotency_key, "/api/collections", body)
    return await _created(context, _collection(body, user_id, context), data, None, key)


@router.post(
    "/api/workflows/create-simple-collection",
    operation_id="create_simple_collection",
    summary="Create a collection for another person",
    response_model=CollectionAnswer,
    responses=CREATED,
)
async def create_simple(
    body: NewSimpleCollection, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Save a collection on behalf of a person on a social network. Each generation fills in its template."""
    details = body.collection_details
    data = CollectionData(
        workflow=FLEXIBLE_PROMPT,
        variables=tuple(one.to_variable() for one in body.variables),
        component=Component(job_type=body.job_type, template=body.template_json),
    )
    link = NewSocialLink(details.social_org, details.social_identifier, details.miniapp_user_id)
    more = {"miniapp_cover_image": details.miniapp_cover_image, "cast_hash": details.cast_hash}
    key = keyed(idempotency_key, "/api/workflows/create-simple-collection", body)
    return await _created(context, _collection(details, user_id, context, **more), data, link, key)


async def _created(
    context: Context,
    collection: Collection,
    data: CollectionData,
    link: NewSocialLink | None,
    key: IdempotencyKey | None,
) -> Response:
    async def work(unit: UnitOfWork) -> str:
        stored = await create_collection(collection, data, link, library=unit.library)
        return CollectionAnswer(data=collection_item(stored)).model_dump_json()

    return answered(await context.idempotency(collection.user_id, key, work))


def _collection(sale: Sale, user_id: UserId, context: Context, **more: str | None) -> Collection:
    return Collection(
        id=new_uuid7(),
        user_id=user_id,
        title=sale.title,
        description=sale.description,
        data={},
        status="active",
        blockchain=sale.blockchain,
        price=sale.price,
        editions=sale.editions,
        cover_image_url=sale.cover_image_url,
        miniapp_cover_image=more.get("miniapp_cover_image"),
        cast_hash=more.get("cast_hash"),
        project_id=sale.project_id or user_id,  # a user's default project has the user's id
        social_link=None,
        created_at=context.clock(),
    )
