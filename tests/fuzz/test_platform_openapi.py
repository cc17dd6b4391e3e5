"""platform-api answers as its document says, to any caller. CHAOS_MINUTES makes it long, CHAOS_SEED repeats a run."""

import asyncio
import json
import os
from pathlib import Path

import httpx
from darkroom_chassis.api_keys import KeyKind
from platform_api.commands.bootstrap import make_key
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings
from platform_api.wiring import jwt_codec, open_accounts
from support.emprops import DETAILS, SIMPLE
from support.servers import MakeDatabase
from support.services import running_service

from .openapi_run import Identity, OpenApiRun

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
EXAMPLES = round(40 * MINUTES) if MINUTES else 20
DOCUMENT = Path(__file__).parents[2] / "proto-schemas" / "openapi" / "platform-api.json"
LIMITS = ("STANDARD", "STANDARD_SUBMISSIONS", "PREMIUM", "PREMIUM_SUBMISSIONS", "USER", "USER_SUBMISSIONS")


def test_every_answer_is_as_documented_and_reveals_no_data_of_others(
    make_database: MakeDatabase, redis_url: str, tmp_path: Path
) -> None:
    env = {
        "PLATFORM_DATABASE_URL": make_database(MIGRATIONS.upgrade),
        "REDIS_URL": redis_url,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "JWT_SECRET": "j" * 32,
        "SIGNING_SECRET": "s" * 32,
        **{f"RATE_LIMIT_{name}": "0" for name in LIMITS},
    }
    settings = Settings.model_validate({name if "DATABASE" in name else name.lower(): env[name] for name in list(env)})
    with running_service("platform_api", "PLATFORM_API_PORT", env, tmp_path) as service:
        keys = asyncio.run(_identities(settings))
        owned = {name: _furnish(service.url, name, keys[name]) for name in ("anna", "bert")}
        ids = {parameter: [*owned["anna"][parameter], *owned["bert"][parameter]] for parameter in owned["anna"]}
        of = {name: ["of-" + name, *(one for some in owned[name].values() for one in some)] for name in owned}
        service_key = {"X-API-Key": keys["service"]["Authorization"].removeprefix("Bearer ")}
        identities = [
            Identity("anna", keys["anna"], of["bert"]),
            Identity("bert", keys["bert"], of["anna"]),
            Identity("service for bert", service_key | {"X-User-Id": keys["ids"]["bert"]}, of["anna"]),
            Identity("nobody", {}, [*of["anna"], *of["bert"]]),
        ]
        run = OpenApiRun(json.loads(DOCUMENT.read_text()), service.url, ids, SEED, EXAMPLES)
        assert run.run(identities) == [], f"seed {SEED}, {sum(run.answers.values())} requests"
        assert run.answers[200] > len(run.known) * EXAMPLES


async def _identities(settings: Settings) -> dict[str, dict[str, str]]:
    """Make two users and a service key; return header fields by name, and the users' `ids`."""
    found: dict[str, dict[str, str]] = {"ids": {}}
    async with open_accounts(settings) as accounts:
        for name in ("anna", "bert"):
            user_id, _ = await accounts.open(name, 10**12)
            found["ids"][name] = user_id
            found[name] = {"Authorization": f"Bearer {jwt_codec(settings).issue(user_id, ttl_s=86400)}"}
        key = await make_key(accounts, KeyKind.SERVICE, "fuzz", None)
        found["service"] = {"Authorization": f"Bearer {key.text}"}
    return found


def _furnish(url: str, name: str, headers: dict[str, str]) -> dict[str, list[str]]:
    """Give a user one of everything, each with the user's mark; return what may stand in a path."""
    mark = f"of-{name}"
    with httpx.Client(base_url=url, headers=headers) as http:
        queued = [
            http.post("/api/queue-job", json={"jobType": "image_fast", "metadata": {"prompt": mark}}) for _ in range(2)
        ]
        collection = http.post("/api/collections", json={"title": mark})
        details = {**DETAILS, "title": mark}
        simple = http.post("/api/workflows/create-simple-collection", json=SIMPLE | {"collection_details": details})
        key = http.post("/api/v2/apikeys", json={"name": mark})
        for answer in (*queued, collection, simple, key):
            assert answer.is_success, answer.text
    return {
        "job_id": [answer.json()["job"]["id"] for answer in queued],
        "collection_id": [collection.json()["data"]["id"], simple.json()["data"]["id"]],
        "key_id": [_key_id(key.json())],
    }


def _key_id(answer: dict[str, object]) -> str:
    match answer:
        case {"api_key": {"id": id_}} | {"apiKey": {"id": id_}} | {"id": id_}:
            return str(id_)
    raise AssertionError(answer)
