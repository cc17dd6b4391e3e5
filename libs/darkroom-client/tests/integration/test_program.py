"""The `darkroom` program against a service on a real port: output, files and exit codes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from darkroom_client.cli.app import main
from darkroom_local.state import RunningStack, StateDir
from support.scripted_service import Answer, ScriptedService, scripted_service

COMPLETED = {
    "id": "0198c0de-0000-7000-8000-00000000abcd", "status": "completed", "job_type": "sdxl_image_fast",
    "created_at": "2026-01-02T03:04:05Z", "data": {"progress": 100}, "error": None,
    "metadata": {"prompt": "A lighthouse, at dawn!", "all_assets": ["/a/0.png", "/a/1.png"]},
}  # fmt: skip
STACK = RunningStack(
    state_dir="", supervisor_pid=1, platform_url="", queue_url="", dispatcher_url="", worker_urls=[], pids={},
    profile="tiny", user_id="u", api_key="", service_key="s", admin_key="a", queue_token="q", jwt_issuer="i",
    jwt_audience="a", operator_settings={},
)  # fmt: skip
JOB_ID = str(COMPLETED["id"])
END = 'event: job_update\nid: 0-1-9-0\ndata: {"status": "completed", "progress": 100}'


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedService]:
    with scripted_service() as running:
        monkeypatch.setenv("DARKROOM_URL", running.url)
        monkeypatch.setenv("DARKROOM_TOKEN", "secret")
        running.on("/api/queue-job", Answer.json({"success": True, "job": {"id": JOB_ID}}))
        running.on(f"/api/jobs/{JOB_ID}/stream", Answer.events(END))
        running.on("/a/0.png", Answer(200, b"first", "image/png"))
        running.on("/a/1.png", Answer(200, b"second", "image/png"))
        yield running


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["darkroom", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_generate_saves_all_files_under_names_that_tell_what_they_are(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "A lighthouse, at dawn!", "--seed", 7, "--output", tmp_path) == 0
    names = ["a-lighthouse-at-dawn-0000abcd-1.png", "a-lighthouse-at-dawn-0000abcd-2.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert (tmp_path / names[1]).read_bytes() == b"second"
    assert str(tmp_path / names[0]) in capsys.readouterr().out


def test_generate_with_json_prints_one_object_and_saves_only_the_count(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "x", "--json", "--count", 1, "--output", tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["status"] == "completed"
    assert len(printed["files"]) == len(list(tmp_path.iterdir())) == 1


def test_the_history_is_told_once_although_each_connection_repeats_it(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"seq": 1, "event": "created", "message": "Job created"}
    again = f"event: history_init\ndata: {json.dumps([line])}"
    service.on("/api/jobs/other/stream", Answer.events(again), Answer.events(again, END))
    service.on("/api/jobs/other", Answer.json(COMPLETED))
    assert run(monkeypatch, "watch", "other", "--output", tmp_path) == 0
    assert capsys.readouterr().err == "  Job created\n"


def test_an_enhanced_prompt_cannot_move_the_cursor(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enhanced = COMPLETED | {"metadata": {"enhanced_prompt": "golden\x1b[2Jlight\u2028"}}
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(enhanced))
    assert run(monkeypatch, "watch", JOB_ID, "--output", tmp_path) == 0
    assert capsys.readouterr().out == "enhanced prompt: golden [2Jlight \n"


def test_a_failed_job_ends_with_1_and_its_reason(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = COMPLETED | {"status": "failed", "data": {"error_message": "out of memory"}, "metadata": {}}
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(failed))
    assert run(monkeypatch, "watch", JOB_ID, "--output", tmp_path) == 1
    assert "out of memory" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(400, 2), (402, 2), (404, 2), (503, 3), (429, 3), (401, 4), (403, 4)])
def test_a_refusal_ends_with_its_exit_code_and_sentence(
    service: ScriptedService,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: int,
    code: int,
) -> None:
    service.on(f"/api/jobs/{JOB_ID}/cancel", Answer.json({"error": "Not like this."}, status=status))
    assert run(monkeypatch, "cancel", JOB_ID) == code
    assert "Not like this." in capsys.readouterr().err


def test_a_wrong_option_ends_with_2(service: ScriptedService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "generate", "x", "--seed", -1) == 2
    assert service.asked == []


def test_without_a_url_and_a_running_stack_the_program_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path))
    assert run(monkeypatch, "jobs") == 3
    assert "darkroom up" in capsys.readouterr().err


def test_without_a_url_a_stack_that_is_starting_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path))
    with StateDir(tmp_path).lock():
        assert run(monkeypatch, "jobs") == 3
    assert "is still starting" in capsys.readouterr().err


def test_the_program_tells_its_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"darkroom {version('darkroom-client')}\n"


def test_without_a_url_the_running_stack_is_used(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DARKROOM_URL")
    monkeypatch.delenv("DARKROOM_TOKEN")
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path))
    state = StateDir(tmp_path)
    service.on("/api/jobs", Answer.json({"data": [COMPLETED]}))
    with state.lock():
        state.announce(replace(STACK, platform_url=service.url, api_key="from-stack"))
        assert run(monkeypatch, "jobs", "--json") == 0
    assert service.asked[0].headers["authorization"] == "Bearer from-stack"
    assert json.loads(capsys.readouterr().out)[0]["id"] == JOB_ID
