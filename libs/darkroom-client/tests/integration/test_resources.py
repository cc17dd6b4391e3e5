"""What each call of the resources sends and reads; pages are read to their end."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from darkroom_client import InvalidRequest, NotReachable
from support.either_client import Connect, EitherClient
from support.scripted_service import Answer, ScriptedService

NOW = "2026-01-02T03:04:05Z"
JOB = {"id": "j1", "status": "pending", "job_type": "video_fast", "created_at": NOW, "metadata": {"prompt": "waves"}}
ASSET = {
    "id": "a1", "job_id": "j1", "job_type": "video_fast", "index": 0, "mime_type": "video/mp4", "size_bytes": 5,
    "url": "/signed", "content_path": "/api/assets/a1/content", "created_at": NOW,
}  # fmt: skip
KEY = {"id": "k1", "name": "phone", "tier": "standard", "scopes": ["*"], "is_active": True, "created_at": NOW}
HOOK = {"id": "w1", "url": "http://receiver/", "events": [], "active": True, "created_at": NOW}
DELIVERY = {"message_id": "m", "event_type": "job.completed", "status": "delivered", "attempts": 1, "created_at": NOW}
LINE = {"id": "7", "kind": "grant", "amount": 5.0, "change": 5.0, "balance": 5.0, "created_at": NOW}


def sent(service: ScriptedService) -> list[tuple[str, str, Any]]:
    return [(asked.method, asked.path, json.loads(asked.body or b"null")) for asked in service.asked]


def query(service: ScriptedService, number: int) -> dict[str, list[str]]:
    return parse_qs(urlsplit(service.asked[number].path).query)


def jobs_page(cursor: str | None) -> Answer:
    return Answer.json({"data": [JOB], "pagination": {"cursor": cursor, "total": 2, "total_is_exact": True}})


def test_every_job_is_read_over_the_pages(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs", jobs_page("c1"), jobs_page(None))
    assert len(api(api.client.jobs.all(status="failed", job_type="video_fast"))) == 2
    assert query(service, 0) == {"limit": ["200"], "status": ["failed"], "job_type": ["video_fast"]}
    assert query(service, 1)["cursor"] == ["c1"]


def test_one_page_of_jobs_reports_where_the_next_one_begins(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs", jobs_page("c1"))
    page = api(
        api.client.jobs.list(limit=1, status=["queued", "running"], created_after=datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert (page.cursor, page.total, [job.prompt for job in page.items]) == ("c1", 2, ["waves"])
    assert query(service, 0)["status"] == ["queued", "running"]
    assert query(service, 0)["created_after"] == ["2026-01-01T00:00:00+00:00"]


def test_a_time_without_a_zone_is_refused(api: EitherClient) -> None:
    with pytest.raises(InvalidRequest, match="created_before"):
        api(api.client.jobs.list(created_before=datetime(2026, 1, 1)))


def test_assets_are_listed_read_saved_and_deleted(api: EitherClient, service: ScriptedService, tmp_path: Path) -> None:
    pages = [{"assets": [ASSET], "cursor": cursor, "total": 2, "total_is_exact": True} for cursor in ("c1", None)]
    service.on("/api/assets", Answer.json(pages[0]), Answer.json(pages[1]), Answer.json(pages[1]))
    service.on("/api/assets/a1", Answer.json(ASSET | {"sha256": "ab", "recipe": {"seed": 1}}))
    service.on("/api/assets/a1/content", Answer(200, b"movie", "video/mp4"))
    assert len(api(api.client.assets.all(job_id="j1"))) == 2
    assert api(api.client.assets.list(mime_type="video/*")).items[0].size_bytes == 5
    asset = api(api.client.assets.get("a1"))
    assert (asset.sha256, asset.recipe) == ("ab", {"seed": 1})
    assert api(api.client.assets.download(asset, tmp_path / "film.mp4")).read_bytes() == b"movie"
    api(api.client.assets.delete("a1"))
    assert sent(service)[-1][:2] == ("DELETE", "/api/assets/a1")


def test_credits_report_balance_and_statement(api: EitherClient, service: ScriptedService) -> None:
    pages = [{"balance": 5.0, "reserved": 1.5, "data": [LINE], "cursor": cursor} for cursor in (None, "7", None)]
    service.on("/api/credits", *map(Answer.json, pages))
    balance = api(api.client.credits.balance())
    assert (balance.balance, balance.reserved) == (5.0, 1.5)
    assert len(api(api.client.credits.all())) == 2
    assert query(service, 2)["cursor"] == ["7"]
    assert api(api.client.credits.statement(limit=3)).items[0].kind == "grant"


def test_job_types_and_the_queue_are_read(api: EitherClient, service: ScriptedService) -> None:
    kind = {"name": "video_fast", "label": "Video", "outputs": 1, "mime_type": "video/mp4", "price": 6.5}
    service.on("/api/job-types", Answer.json({"data": [kind | {"expected_s": 9.0, "timeout_s": 900}]}))
    service.on("/api/queue-status", Answer.json({"queueDepth": 3, "queues": {"video_fast": 3}}))
    assert [known.price for known in api(api.client.job_types.list())] == [6.5]
    assert api(api.client.job_types.queue_depth()) == {"video_fast": 3}


def test_keys_are_listed_made_changed_and_revoked(api: EitherClient, service: ScriptedService) -> None:
    made = {"success": True, "api_key": KEY | {"key": "dk_user_k1_s", "secret": "s"}}
    first, second = ({"success": True, "count": 1, "total": 2, "api_keys": [KEY]} for _ in range(2))
    service.on("/api/v2/apikeys", Answer.json(first), Answer.json(second), Answer.json(made, status=201))
    service.on("/api/v2/apikeys/k1", Answer.json({"success": True, "api_key": KEY | {"is_active": False}}))
    assert len(api(api.client.keys.all())) == 2
    assert query(service, 1)["offset"] == ["1"]
    assert api(api.client.keys.create("phone", scopes=["jobs:read"])).key == "dk_user_k1_s"
    assert not api(api.client.keys.change("k1", is_active=False)).is_active
    api(api.client.keys.revoke("k1"))
    assert sent(service)[2:] == [
        ("POST", "/api/v2/apikeys", {"name": "phone", "scopes": ["jobs:read"]}),
        ("PUT", "/api/v2/apikeys/k1", {"is_active": False}),
        ("DELETE", "/api/v2/apikeys/k1", None),
    ]
    assert service.asked[2].headers["idempotency-key"]


def test_one_word_is_no_list_of_scopes(api: EitherClient) -> None:
    with pytest.raises(InvalidRequest, match="scopes"):
        api(api.client.keys.create("phone", scopes="jobs:read"))


def test_webhooks_are_added_changed_tested_and_removed(api: EitherClient, service: ScriptedService) -> None:
    service.on(
        "/api/webhooks", Answer.json(HOOK | {"secret": "whsec_x"}, status=201), Answer.json({"webhooks": [HOOK]})
    )
    service.on("/api/webhooks/w1", Answer.json(HOOK), Answer.json(HOOK), Answer(204))
    service.on("/api/webhooks/w1/test", Answer.json({"message_id": "m1"}, status=202))
    assert api(api.client.webhooks.add("http://receiver/", events=["job.completed"])).secret == "whsec_x"
    assert [hook.id for hook in api(api.client.webhooks.list())] == ["w1"]
    assert api(api.client.webhooks.get("w1")).active
    assert api(api.client.webhooks.change("w1", active=True)).active
    assert api(api.client.webhooks.test("w1")) == "m1"
    assert api(api.client.webhooks.remove("w1")) is None
    assert [(method, body) for method, _path, body in sent(service)] == [
        ("POST", {"url": "http://receiver/", "events": ["job.completed"]}),
        *[("GET", None)] * 2, ("PUT", {"active": True}), ("POST", None), ("DELETE", None),
    ]  # fmt: skip
    assert {asked.headers["authorization"] for asked in service.asked} == {"Bearer secret"}


def test_secrets_are_rotated_and_deliveries_replayed(api: EitherClient, service: ScriptedService) -> None:
    attempt = {"number": 1, "status": 500, "error": "HTTP 500", "duration_s": 0.1, "at": NOW, "answer": "no"}
    service.on("/api/webhooks/w1/rotate", Answer.json({"secret": "whsec_y", "previous_valid_until": NOW}))
    service.on("/api/webhooks/w1/replay", Answer.json({"replayed": 3, "more": False}, status=202))
    service.on("/api/webhooks/w1/deliveries/7/replay", Answer.json({"replayed": 1, "more": False}, status=202))
    service.on("/api/webhooks/w1/deliveries/7/attempts", Answer.json({"attempts": [attempt]}))
    since = datetime(2026, 1, 2, tzinfo=UTC)
    assert api(api.client.webhooks.rotate("w1", overlap_s=60)) == "whsec_y"
    assert api(api.client.webhooks.replay("w1", "missed", since=since, rate_per_s=5)).replayed == 3
    assert api(api.client.webhooks.replay_delivery("w1", 7)).replayed == 1
    assert [one.answer for one in api(api.client.webhooks.attempts("w1", 7))] == ["no"]
    assert [body for _method, _path, body in sent(service)] == [
        {"overlap_s": 60}, {"what": "missed", "since": since.isoformat(), "rate_per_s": 5}, None, None,
    ]  # fmt: skip


def test_every_delivery_is_read_over_the_pages(api: EitherClient, service: ScriptedService) -> None:
    full = [DELIVERY | {"id": 1000 - number} for number in range(200)]
    service.on("/api/webhooks/w1/deliveries", Answer.json({"deliveries": full}), Answer.json({"deliveries": full[:3]}))
    assert len(api(api.client.webhooks.all_deliveries("w1"))) == 203
    assert query(service, 1)["before"] == ["801"]


def test_a_ticket_is_made_for_one_job(api: EitherClient, service: ScriptedService) -> None:
    ticket = {"ticket": "t", "audience": "job-stream", "expires_in": 1800, "reusable": True}
    service.on("/api/auth/ticket", Answer.json(ticket))
    assert api(api.client.tickets.create("job-stream", job_id="j1")).ticket == "t"
    assert sent(service)[0][2] == {"audience": "job-stream", "job_id": "j1"}


def test_webhooks_of_an_unknown_dispatcher_say_which_variable_to_set(
    connect: Connect, service: ScriptedService
) -> None:
    api = connect(service.url)
    with pytest.raises(NotReachable, match="DARKROOM_DISPATCHER_URL"):
        api(api.client.webhooks.list())
