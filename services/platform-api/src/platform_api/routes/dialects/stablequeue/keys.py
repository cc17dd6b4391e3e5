"""`/api/v1/apikeys` and `/api/v2/apikeys`: create, change and revoke API keys."""

import re
from datetime import datetime
from typing import Annotated, Any

from darkroom_chassis.api_keys import KeyKind, hash_api_key, new_api_key
from darkroom_schemas.api_key import Scope, Tier
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.ids import UserId
from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from platform_api.context import Ctx
from platform_api.domain.accounts.api_keys import (
    OPERATORS,
    KeyChange,
    KeyManager,
    StoredKey,
    add_key,
    change_key,
    read_key,
    revoke_key,
)
from platform_api.domain.errors import Forbidden, NotFound
from platform_api.domain.idempotency import UnitOfWork
from platform_api.http.auth import Authenticated, principal_of, user_of
from platform_api.http.identifiers import Uuid
from platform_api.http.requests import IdempotencyHeader, Limit, Offset, answered, keyed
from platform_api.routes.dialects.stablequeue.answers import StableQueueRoute

router = APIRouter(tags=["api keys"], route_class=StableQueueRoute)
PATHS = ("/api/v1/apikeys", "/api/v2/apikeys")
_ID = re.compile(r"[0-9A-Za-z]{12}\Z", re.ASCII)
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "No such key, or it belongs to another user"}}

Name = Annotated[Text, Field(min_length=1, max_length=100)]
Description = Annotated[Text, Field(max_length=1000)]
Scopes = Annotated[list[Scope], Field(max_length=len(Scope))]


class NewKey(RequestBody):
    """A key to create. `scopes` defaults to the caller's own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Forge extension", "scopes": ["jobs:read", "jobs:write"]}]},
    )

    name: Name
    description: Description = ""
    tier: Tier = Tier.STANDARD
    scopes: Scopes | None = None
    user_id: Uuid | None = Field(
        default=None, description="Owner of the key; operators only. Default: the operators' own account."
    )


class ChangedKey(RequestBody):
    """The changes; absent and null members change nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": False}]})

    name: Name | None = None
    description: Description | None = None
    tier: Tier | None = None
    scopes: Scopes | None = None
    is_active: StrictBool | None = Field(default=None, description="False deactivates the key, true reactivates it.")


class KeyItem(BaseModel):
    """A key without its secret. `last_used_at` has a resolution of a few minutes."""

    id: str
    name: str
    description: str
    kind: str
    user_id: str | None
    tier: Tier
    scopes: list[str]
    is_active: bool
    created_at: datetime | None
    updated_at: datetime | None
    last_used_at: datetime | None


class NewKeyItem(KeyItem):
    """A key with its secret, which is returned once: a replayed response has none."""

    key: str | None = Field(description="The whole key, for `Authorization: Bearer` or `X-API-Key`.")
    secret: str | None = Field(description="The key's last part, for clients that also send `X-API-Secret`.")


class KeyAnswer(BaseModel):
    """One key."""

    success: bool = True
    api_key: KeyItem


class NewKeyAnswer(BaseModel):
    """The created key."""

    success: bool = True
    message: str
    api_key: NewKeyItem


class ChangedKeyAnswer(KeyAnswer):
    """The key after the change."""

    message: str = "The API key was changed."


class KeyList(BaseModel):
    """A page of keys, newest first."""

    success: bool = True
    count: int
    total: int
    api_keys: list[KeyItem]


class RevokedAnswer(BaseModel):
    """The key was revoked."""

    success: bool = True
    message: str


async def _key_id(
    key_id: Annotated[str, Path(description="Id of an API key.", json_schema_extra={"maxLength": 12})],
) -> str:
    if not _ID.match(key_id):
        raise NotFound("API key")
    return key_id


async def _manager(who: Authenticated) -> KeyManager:
    scopes = who.key.scopes if who.key else (Scope.EVERYTHING,)
    return KeyManager(None if who.kind is KeyKind.ADMIN else user_of(who), scopes)


KeyId = Annotated[str, Depends(_key_id)]
Manager = Annotated[KeyManager, Depends(_manager)]


async def list_keys(
    context: Ctx,
    manager: Manager,
    limit: Limit = 50,
    offset: Offset = 0,
    user_id: Annotated[Uuid | None, Query(description="Operators only: keys of this user.")] = None,
) -> KeyList:
    """List the caller's keys, or all keys with an admin key."""
    page = await context.accounts.api_keys.page(_owner(manager, user_id), limit=limit, offset=offset)
    return KeyList(count=len(page.keys), total=page.total, api_keys=[KeyItem(**_item(key)) for key in page.keys])


async def create_key(
    body: NewKey, context: Ctx, who: Authenticated, manager: Manager, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Create a key. This response is the only one that contains the key: the platform stores a hash of it."""
    owner = _owner(manager, body.user_id)
    if owner is None:
        owner = OPERATORS
        await context.accounts.users.provision(owner)
    made = new_api_key(KeyKind.USER)
    key = StoredKey(
        id=made.id,
        kind=KeyKind.USER,
        user_id=owner,
        secret_hash=hash_api_key(made.text),
        name=body.name,
        description=body.description,
        tier=body.tier,
        scopes=manager.scopes if body.scopes is None else tuple(body.scopes),
    )

    async def make(unit: UnitOfWork) -> str:
        stored = await add_key(key, owner, manager=manager, keys=unit.keys, limit=context.accounts.keys_per_user)
        item = NewKeyItem(**_item(stored), key=None, secret=None)
        return NewKeyAnswer(message="The API key was created by an earlier request.", api_key=item).model_dump_json()

    answer = await context.idempotency(principal_of(who), keyed(idempotency_key, "/api/apikeys", body), make)
    if answer.replayed:
        return answered(answer, 201)
    context.jobs.wake_relay()
    item = NewKeyAnswer.model_validate_json(answer.body).api_key
    shown = item.model_copy(update={"key": made.text, "secret": made.text.rpartition("_")[2]})
    message = "The API key was created. Save it now: it is not shown again."
    body_shown = NewKeyAnswer(message=message, api_key=shown).model_dump_json()
    return Response(body_shown, 201, media_type="application/json")


async def get_key(key_id: KeyId, context: Ctx, manager: Manager) -> KeyAnswer:
    """Return one key, without its secret."""
    return KeyAnswer(api_key=KeyItem(**_item(await read_key(key_id, manager=manager, keys=context.accounts.api_keys))))


async def update_key(key_id: KeyId, body: ChangedKey, context: Ctx, manager: Manager) -> ChangedKeyAnswer:
    """Change a key; effective from the next request."""
    change = KeyChange(
        name=body.name,
        description=body.description,
        tier=body.tier,
        scopes=None if body.scopes is None else tuple(body.scopes),
        is_active=body.is_active,
    )
    key = await change_key(key_id, change, manager=manager, keys=context.accounts.api_keys)
    context.jobs.wake_relay()
    return ChangedKeyAnswer(api_key=KeyItem(**_item(key)))


async def delete_key(key_id: KeyId, context: Ctx, manager: Manager) -> RevokedAnswer:
    """Revoke a key permanently; effective from the next request."""
    key = await revoke_key(key_id, manager=manager, keys=context.accounts.api_keys)
    context.jobs.wake_relay()
    return RevokedAnswer(message=f'The API key "{key.name}" ({key.id}) was revoked.')


def _owner(manager: KeyManager, named: str | None) -> UserId | None:
    """Return the owner of the keys: the user itself; for an operator the named user, or None for all."""
    if manager.is_operator:
        return None if named is None else UserId(named)
    if named not in (None, manager.owner):
        raise Forbidden("Only an operator's key can manage keys of other users.")
    return manager.owner


def _item(key: StoredKey) -> dict[str, object]:
    return {name: getattr(key, name) for name in KeyItem.model_fields}


for _version, _path in zip(("v1", "v2"), PATHS, strict=True):
    router.get(_path, operation_id=f"list_keys_{_version}", summary="List API keys")(list_keys)
    router.post(
        _path,
        operation_id=f"create_key_{_version}",
        summary="Create an API key",
        status_code=201,
        response_model=NewKeyAnswer,
        responses={
            409: {"description": "Too many keys, or the first request with this Idempotency-Key is still in progress"},
            422: {"description": "The Idempotency-Key was used with another request"},
        },
    )(create_key)
    _one = f"{_path}/{{key_id}}"
    router.get(_one, operation_id=f"get_key_{_version}", summary="Read an API key", responses=NOT_FOUND)(get_key)
    router.put(_one, operation_id=f"update_key_{_version}", summary="Change an API key", responses=NOT_FOUND)(
        update_key
    )
    router.delete(_one, operation_id=f"delete_key_{_version}", summary="Revoke an API key", responses=NOT_FOUND)(
        delete_key
    )
