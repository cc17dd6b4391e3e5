"""`GET /api/me/export` and `DELETE /api/me`: everything of a user, to keep or to delete."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from darkroom_chassis.api_keys import KeyKind
from darkroom_chassis.client_network import client_network
from darkroom_chassis.errors import AppError
from darkroom_chassis.logs import get_logger
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import AssetId, UserId
from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field, SecretStr
from pydantic_core import to_json

from platform_api.context import Context, Ctx
from platform_api.domain.accounts.personal_data import Record, is_recent
from platform_api.domain.accounts.sessions import MAX_PASSWORD_CHARACTERS, hash_of, log_in
from platform_api.domain.assets.signed_urls import Variant
from platform_api.domain.errors import UnknownUser
from platform_api.http.auth import Authenticated, Caller, CurrentUser
from platform_api.http.credentials import credential_of
from platform_api.http.query_parameters import KnownQueryRoute

log = get_logger(__name__)
router = APIRouter(tags=["identity"], route_class=KnownQueryRoute)
NDJSON = "application/x-ndjson"
FORMAT = 1
LEFT_OUT = "Passwords, sessions, hashes of keys, and webhooks: see GET /api/webhooks of webhook-dispatcher."
CONFIRM = "Send the password, or log in again: a session may delete its user for 15 minutes."


class DeletionRequest(RequestBody):
    """The confirmation of a deletion."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "correct horse battery"}]})

    password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS)] | None = Field(
        default=None, description="Not needed with a session that is at most 15 minutes old."
    )


@router.get(
    "/api/me/export",
    operation_id="export_me",
    summary="Export everything of the caller",
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "One JSON object a line"}},
)
async def export(context: Ctx, user_id: CurrentUser) -> StreamingResponse:
    """Stream the account, jobs with their steps and history, assets, credits, keys and library as lines of JSON.

    `kind` names the table of a line, `row` has its columns; assets have signed links to their bytes, valid for a day.
    The last line has the kind `end` and the number of lines before it; without it, the export is incomplete.
    """
    if await context.accounts.users.user(user_id) is None:
        raise UnknownUser
    headers = {"Content-Disposition": f'attachment; filename="darkroom-{user_id}.ndjson"', "Cache-Control": "no-store"}
    return StreamingResponse(_lines(context, user_id), media_type=NDJSON, headers=headers)


@router.delete(
    "/api/me",
    operation_id="delete_me",
    summary="Delete the caller's account",
    status_code=204,
    responses={
        401: {"description": "The password is wrong"},
        403: {"description": "The caller is no user, or sent no password and has no recent session"},
        429: {"description": "Too many wrong passwords; see Retry-After"},
    },
)
async def delete(
    request: Request, context: Ctx, who: Authenticated, body: Annotated[DeletionRequest | None, Body()] = None
) -> Response:
    """Delete the caller with jobs, assets, credits, keys, sessions and webhooks. It cannot be undone.

    Jobs that wait or run are cancelled. The bytes of assets are deleted within minutes.
    """
    if who.kind is not KeyKind.USER or who.user_id is None:
        raise AppError(403, ErrorCode.FORBIDDEN, "Only a user can delete its account; operators have delete-user.")
    account = await context.accounts.users.user(who.user_id)
    response = Response(status_code=204)
    context.accounts.cookies.clear(response)
    if account is None:
        return response  # a repetition
    await _confirm(request, context, who, account.name, body.password if body else None)
    await context.accounts.deletion.delete(who.user_id)
    context.jobs.wake_relay()
    context.assets.wake_deletion()
    log.info("A user was deleted", user_id=who.user_id, by="user")
    return response


async def _confirm(request: Request, context: Context, who: Caller, name: str, password: SecretStr | None) -> None:
    """Raise unless the password is right or the session is recent."""
    logins = context.accounts.logins
    if password is not None:
        secret, network = password.get_secret_value(), client_network(request)
        await log_in(name, secret, network, passwords=logins.passwords, hasher=logins.hasher, throttle=logins.throttle)
        return
    token = context.accounts.cookies.token_in(request) if credential_of(request.headers) is None else None
    session = await logins.sessions.find(hash_of(token), context.clock()) if token else None
    if session is None or session.user_id != who.user_id or not is_recent(session, context.clock()):
        raise AppError(403, ErrorCode.FORBIDDEN, CONFIRM)


async def _lines(context: Context, user_id: UserId) -> AsyncIterator[bytes]:
    count = 1
    yield _line({"kind": "export", "format": FORMAT, "user_id": user_id, "at": context.clock(), "left_out": LEFT_OUT})
    async for record in context.accounts.records.records(user_id):
        yield _line({"kind": record.kind, "row": {**record.row, **_links(context, record)}})
        count += 1
    yield _line({"kind": "end", "lines": count})


def _links(context: Context, record: Record) -> dict[str, str]:
    if record.kind != "assets":
        return {}
    asset_id, now = AssetId(record.row["id"]), context.clock()
    links = {"url": context.urls.url(asset_id, Variant.CONTENT, now)}
    if record.row["thumbnail_key"]:
        links["thumbnail_url"] = context.urls.url(asset_id, Variant.THUMBNAIL, now)
    return links


def _line(value: dict[str, Any]) -> bytes:  # Any: JSON
    return to_json(value) + b"\n"
