"""What each command asks and prints, whole in a pipe and as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from darkroom_client.cli.app import main
from support.scripted_service import Answer, ScriptedService, scripted_service

NOW = "2026-01-02T03:04:05Z"
JOB = {"id": "j1", "status": "pending", "job_type": "video_fast", "created_at": NOW, "progress": 12.5}
ASSET = {
    "id": "a1", "job_id": "0000-j1", "job_type": "video_fast", "index": 0, "mime_type": "video/mp4", "size_bytes": 5,
    "url": "/signed", "content_path": "/api/assets/a1/content", "created_at": NOW, "seed": 7,
}  # fmt: skip
KEY: dict[str, Any] = {
    "id": "k1", "name": "a name\twith a tab and no end, " + "x" * 90, "tier": "standard", "scopes": ["a", "b"],
    "is_active": True, "created_at": NOW,
}  # fmt: skip
HOOK = {"id": "w1", "url": "http://receiver/", "events": ["job.completed"], "active": True, "created_at": NOW}
DELIVERY = {
    "id": 1, "message_id": "m", "event_type": "job.completed", "status": "failed", "attempts": 3, "last_status": 500,
    "created_at": NOW,
}  # fmt: skip
LINE = {"id": "7", "kind": "capture", "amount": 0.125, "change": -0.125, "balance": 1234567.5, "created_at": NOW}
JOB_TYPE = {
    "name": "video_fast", "label": "Video", "outputs": 1, "mime_type": "video/mp4", "price": 6.5, "width": 480,
    "height": 832, "expected_s": 9.5, "timeout_s": 900, "available": False, "waiting": 3,
}  # fmt: skip
STEP = {
    "step_id": "s", "reason": "behind_others", "position": 4, "matching_workers": 2, "missing": [],
    "starts_in": {"min_s": 1.5, "max_s": 60.0},
}  # fmt: skip
WHY = {
    "job_id": "j1", "status": "queued", "waiting": True, "unworkable": False, "reason": "behind_others",
    "message": "Earlier work comes first.", "steps": [STEP],
}  # fmt: skip


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedService]:
    with scripted_service() as running:
        for name in ("DARKROOM_URL", "DARKROOM_DISPATCHER_URL", "DARKROOM_QUEUE_URL"):
            monkeypatch.setenv(name, running.url)
        monkeypatch.setenv("DARKROOM_TOKEN", "secret")
        running.on(
            "/api/jobs",
            Answer.json({"data": [JOB], "pagination": {"cursor": None, "total": 1, "total_is_exact": True}}),
        )
        running.on("/api/jobs/j1/why", Answer.json(WHY))
        running.on("/api/jobs/j1/retry", Answer.json({"data": {"jobId": "j1", "retryAttempt": 2}}))
        running.on("/api/assets", Answer.json({"assets": [ASSET], "cursor": None, "total": 1, "total_is_exact": True}))
        running.on("/api/assets/a1", Answer.json(ASSET | {"sha256": "ab", "recipe": {"seed": 7}}))
        running.on("/api/assets/a1/content", Answer(200, b"movie", "video/mp4"))
        running.on("/api/job-types", Answer.json({"data": [JOB_TYPE]}))
        running.on("/api/queue-status", Answer.json({"queues": {"video_fast": 3}}))
        running.on("/api/credits", Answer.json({"balance": 1234567.5, "reserved": 0.0, "data": [LINE], "cursor": None}))
        running.on("/api/v2/apikeys", Answer.json({"total": 1, "api_keys": [KEY]}))
        running.on("/api/v2/apikeys/k1", Answer.json({"api_key": KEY}))
        running.on("/api/webhooks", Answer.json({"webhooks": [HOOK]}))
        running.on("/api/webhooks/w1", Answer.json(HOOK))
        running.on("/api/webhooks/w1/test", Answer.json({"message_id": "m1"}))
        running.on("/api/webhooks/w1/deliveries", Answer.json({"deliveries": [DELIVERY]}))
        yield running


class Program:
    """Runs `darkroom` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object, code: int = 0) -> str:
        self._monkeypatch.setattr("sys.argv", ["darkroom", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, printed.err
        return printed.out


@pytest.fixture
def darkroom(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(monkeypatch, capsys)


TIME = "2026-01-02T03:04:05+00:00"
PIPED: dict[str, list[str]] = {
    "jobs": ["j1", "video_fast", "queued", "12", TIME],
    "types": ["video_fast", "1", "video/mp4", "480x832", "6.5", "no", "3", "Video"],
    "assets list": ["a1", "video_fast", "video/mp4", "5", "7", "0000-j1", TIME],
    "credits --statement": [TIME, "capture", "0.125", "-0.125", "1234567.5", "", ""],
    "keys list": ["k1", KEY["name"].replace("\t", " "), "standard", "a,b", "yes", TIME, ""],
    "webhooks list": ["w1", "http://receiver/", "yes", "job.completed", "", ""],
    "webhooks deliveries w1": ["m", "job.completed", "failed", "3", "500", "", TIME, "1"],
}


@pytest.mark.parametrize("command", PIPED)
def test_a_list_in_a_pipe_has_a_line_for_each_item_with_whole_values(
    service: ScriptedService, darkroom: Program, command: str
) -> None:
    assert darkroom(*command.split()) == "\t".join(PIPED[command]) + "\n"


READING: dict[str, Any] = {
    **{command: lambda printed: len(printed) == 1 for command in PIPED},
    "jobs --all": lambda printed: printed[0]["id"] == "j1",
    "assets show a1": lambda printed: printed["recipe"] == {"seed": 7},
    "credits": lambda printed: printed == {"balance": 1234567.5, "reserved": 0.0},
    "why j1": lambda printed: printed["steps"][0]["starts_in"] == {"min_s": 1.5, "max_s": 60.0},
}


@pytest.mark.parametrize("command", READING)
def test_every_command_that_reads_prints_json(service: ScriptedService, darkroom: Program, command: str) -> None:
    assert READING[command](json.loads(darkroom(*command.split(), "--json")))


def test_a_waiting_job_is_explained(service: ScriptedService, darkroom: Program) -> None:
    lines = darkroom("why", "j1").splitlines()
    assert "message\tEarlier work comes first." in lines
    assert "starts in\t1.5 to 60 s" in lines


def test_credits_print_the_balance_without_an_exponent(service: ScriptedService, darkroom: Program) -> None:
    assert darkroom("credits") == "balance\t1234567.5\nreserved\t0\n"


def test_a_retried_job_says_how_to_follow_it(service: ScriptedService, darkroom: Program) -> None:
    assert darkroom("retry", "j1") == "job j1 is retried (attempt 2): `darkroom watch j1` follows it\n"


def test_assets_are_saved_and_deleted(service: ScriptedService, darkroom: Program, tmp_path: Path) -> None:
    file = tmp_path / "video_fast-0000-j1-1.mp4"
    assert darkroom("assets", "download", "a1", "--output", tmp_path) == f"{file}\n"
    assert file.read_bytes() == b"movie"
    assert darkroom("assets", "delete", "a1") == "asset a1 is deleted\n"
    assert service.asked[-1].method == "DELETE"


def test_a_new_key_is_all_that_is_printed(service: ScriptedService, darkroom: Program) -> None:
    service._answers["/api/v2/apikeys"].clear()
    service.on("/api/v2/apikeys", Answer.json({"api_key": KEY | {"key": "dk_user_k1_s"}}, status=201))
    assert darkroom("keys", "create", "phone", "--scope", "jobs:read") == "dk_user_k1_s\n"
    assert json.loads(service.asked[0].body) == {"name": "phone", "scopes": ["jobs:read"]}


def test_a_key_whose_text_was_lost_is_to_be_revoked(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service._answers["/api/v2/apikeys"].clear()
    service.on("/api/v2/apikeys", Answer.json({"api_key": KEY | {"key": None}}, status=201))
    monkeypatch.setattr("sys.argv", ["darkroom", "keys", "create", "phone"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, "k1 was created" in capsys.readouterr().err) == (3, True)


def test_a_key_is_changed_and_revoked_by_its_id_or_by_all_of_it(service: ScriptedService, darkroom: Program) -> None:
    darkroom("keys", "change", "k1", "--inactive")
    assert darkroom("keys", "revoke", "dk_user_k1_s3cr3t") == "key k1 is revoked\n"
    assert [(asked.method, asked.path) for asked in service.asked] == [
        ("PUT", "/api/v2/apikeys/k1"),
        ("DELETE", "/api/v2/apikeys/k1"),
    ]
    assert json.loads(service.asked[0].body) == {"is_active": False}


def test_webhooks_are_added_changed_tested_and_removed(service: ScriptedService, darkroom: Program) -> None:
    service._answers["/api/webhooks"].clear()
    service.on("/api/webhooks", Answer.json(HOOK | {"secret": "whsec_x"}, status=201))
    assert darkroom("webhooks", "add", "http://receiver/", "--event", "job.completed") == "w1\twhsec_x\n"
    darkroom("webhooks", "change", "w1", "--active", "--to", "http://other/")
    assert darkroom("webhooks", "test", "w1") == "m1\n"
    assert darkroom("webhooks", "remove", "w1") == "webhook w1 is removed\n"
    assert [(asked.method, json.loads(asked.body or b"null")) for asked in service.asked] == [
        ("POST", {"url": "http://receiver/", "events": ["job.completed"]}),
        ("PUT", {"url": "http://other/", "active": True}),
        ("POST", None),
        ("DELETE", None),
    ]


def test_status_reports_health_and_waiting_work(service: ScriptedService, darkroom: Program) -> None:
    service.on("/readyz", Answer.json({"status": "ok"}))
    lines = darkroom("status").splitlines()
    assert lines[0] == f"platform-api\tok\t{service.url}\t"
    assert lines[-1] == "waiting steps\t3 (video_fast 3)"
    assert json.loads(darkroom("status", "--json"))["waiting"] == {"video_fast": 3}


def test_status_ends_with_3_and_the_reason_where_a_service_is_not_ready(
    service: ScriptedService, darkroom: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = {"database": "no answer within 2 s", "queue": "ok"}
    service.on("/readyz", Answer.json({"status": "unready", "checks": checks}, status=503))
    monkeypatch.setenv("DARKROOM_QUEUE_URL", "http://127.0.0.1:9")
    printed = darkroom("status", code=3)
    assert f"platform-api\tnot ready\t{service.url}\tdatabase: no answer within 2 s\n" in printed
    assert "queue-api\taway\thttp://127.0.0.1:9\thttp://127.0.0.1:9/ can't be reached: Connection refused" in printed
