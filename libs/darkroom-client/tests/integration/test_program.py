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
JOB_TYPE = {
    "name": "sdxl_image_fast", "label": "SDXL", "outputs": 6, "mime_type": "image/png", "price": 12.0, "width": 1024,
    "height": 1024, "expected_s": 9.5, "timeout_s": 900, "available": True, "waiting": 3,
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
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # no test waits until a service is asked again
    with scripted_service() as running:
        for name in ("DARKROOM_URL", "DARKROOM_DISPATCHER_URL"):
            monkeypatch.setenv(name, running.url)
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


def test_generate_saves_all_files_under_names_that_describe_them(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "A lighthouse, at dawn!", "--seed", 7, "--output", tmp_path) == 0
    names = ["a-lighthouse-at-dawn-0000abcd-1.png", "a-lighthouse-at-dawn-0000abcd-2.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert (tmp_path / names[1]).read_bytes() == b"second"
    assert str(tmp_path / names[0]) in capsys.readouterr().out


def test_generate_with_json_prints_one_object(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "x", "--json", "--output", tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["status"] == "completed"
    assert len(printed["files"]) == len(list(tmp_path.iterdir())) == 2


def test_watch_saves_only_as_many_files_as_are_wanted(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "watch", JOB_ID, "--limit", 1, "--output", tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_count_submits_that_many_jobs_whose_seeds_go_on(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.on("/api/job-types", Answer.json({"data": [JOB_TYPE]}))
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "x", "--count", 3, "--seed", 10, "--json", "--output", tmp_path) == 0
    submitted = [asked for asked in service.asked if asked.path == "/api/queue-job"]
    assert [json.loads(asked.body)["metadata"]["seed"] for asked in submitted] == [10, 16, 22]
    assert len({asked.headers["idempotency-key"] for asked in submitted}) == 3
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_with_a_key_each_job_is_submitted_once(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    for _ in range(2):
        assert run(monkeypatch, "generate", "x", "--count", 2, "--idempotency-key", "k", "--output", tmp_path) == 0
    keys = [asked.headers.get("idempotency-key") for asked in service.asked if asked.path == "/api/queue-job"]
    assert keys == ["k", "k-2", "k", "k-2"]


def test_jobs_that_were_accepted_before_a_refusal_are_followed_all_the_same(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.on("/api/queue-job", Answer.json({"error": "Not enough credits.", "missing_credits": 2.0}, status=402))
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "x", "--count", 3, "--output", tmp_path) == 2
    assert len(list(tmp_path.iterdir())) == 2
    assert "only 1 of 3 jobs were submitted. Not enough credits." in capsys.readouterr().err


def test_generate_says_that_no_worker_can_do_the_job(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service._answers["/api/queue-job"].clear()
    notice = "No connected worker offers sdxl-base-1.0."
    service.on("/api/queue-job", Answer.json({"job": {"id": JOB_ID}, "reason": "unworkable", "notices": [notice]}))
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    assert run(monkeypatch, "generate", "x", "--json", "--output", tmp_path) == 0
    assert notice in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_written_is_reported_before_the_job_is_paid(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        assert run(monkeypatch, "generate", "x", "--output", folder) == 2
        assert f"No files can be saved in {folder}" in capsys.readouterr().err
    assert service.asked == []


def test_the_history_is_sent_once_although_each_connection_repeats_it(
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


def test_without_a_url_a_stack_that_is_starting_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path))
    with StateDir(tmp_path).lock():
        assert run(monkeypatch, "jobs") == 3
    assert "is still starting" in capsys.readouterr().err


def test_the_program_reports_its_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"darkroom {version('darkroom-client')}\n"


def test_without_a_url_the_running_stack_is_used(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DARKROOM_URL")
    monkeypatch.delenv("DARKROOM_TOKEN")
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path))
    state = StateDir(tmp_path)
    page = {"data": [COMPLETED], "pagination": {"cursor": None, "total": 1, "total_is_exact": True}}
    service.on("/api/jobs", Answer.json(page))
    with state.lock():
        state.announce(replace(STACK, platform_url=service.url, api_key="from-stack"))
        assert run(monkeypatch, "jobs", "--json") == 0
    assert service.asked[0].headers["authorization"] == "Bearer from-stack"
    assert json.loads(capsys.readouterr().out)[0]["id"] == JOB_ID
    assert [asked.path for asked in service.asked] == ["/api/jobs?limit=20"]


def test_an_unknown_job_type_lists_those_that_exist(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {"field": "jobType", "message": "must be one of sdxl_image_fast, video_fast"}
    body = {"error": "There is no job type 'sdxl'.", "code": "invalid_job_type", "errors": [wrong]}
    service.on("/api/jobs", Answer.json(body, status=400))
    assert run(monkeypatch, "jobs", "--type", "sdxl") == 2
    printed = capsys.readouterr().err
    assert printed == f"darkroom: There is no job type 'sdxl'.\n  jobType: {wrong['message']}\n"


def test_a_service_that_is_not_there_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    assert run(monkeypatch, "jobs", "--url", "http://127.0.0.1:9", "--token", "t") == 3
    printed = capsys.readouterr().err
    assert "http://127.0.0.1:9/ can't be reached: Connection refused." in printed
    assert "`darkroom up` starts it on this machine" in printed


def test_generate_uploads_the_pictures_that_it_starts_from(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    photo, mask = tmp_path / "photo.jpg", tmp_path / "mask.png"
    photo.write_bytes(b"photo")
    mask.write_bytes(b"mask")
    uploads = [
        {"id": name, "job_id": None, "job_type": "upload", "index": 0, "mime_type": "image/png", "size_bytes": 5,
         "url": "/signed", "content_path": f"/api/assets/{name}/content", "created_at": "2026-01-02T03:04:05Z"}
        for name in ("a1", "a2")
    ]  # fmt: skip
    service.on("/api/uploads", *(Answer.json(asset, status=201) for asset in uploads))
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    options = ("--init-image", photo, "--mask", mask, "--strength", 0.6, "--idempotency-key", "k")
    assert run(monkeypatch, "generate", "x", *options, "--output", tmp_path / "out") == 0
    uploaded = [asked for asked in service.asked if asked.path == "/api/uploads"]
    assert [asked.body for asked in uploaded] == [b"photo", b"mask"]
    assert [asked.headers["idempotency-key"] for asked in uploaded] == ["k-init_image", "k-mask_image"]
    (submitted,) = (json.loads(asked.body) for asked in service.asked if asked.path == "/api/queue-job")
    assert submitted["metadata"] == {
        "prompt": "x", "init_image": {"asset_id": "a1"}, "mask_image": {"asset_id": "a2"}, "denoising_strength": 0.6
    }  # fmt: skip


def test_generate_asks_for_a_second_pass(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service.on(f"/api/jobs/{JOB_ID}", Answer.json(COMPLETED))
    for options in ((), ("--strength", 0.4)):
        assert run(monkeypatch, "generate", "x", "--hires", 1.5, *options, "--output", tmp_path) == 0
    asked = [json.loads(asked.body)["metadata"] for asked in service.asked if asked.path == "/api/queue-job"]
    assert [one["hires"] for one in asked] == [{"scale": 1.5}, {"scale": 1.5, "denoising_strength": 0.4}]
    assert not any("denoising_strength" in one for one in asked)


def test_generate_refuses_a_mask_without_a_picture_and_a_file_that_is_not_there(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    mask.touch()
    assert run(monkeypatch, "generate", "x", "--mask", mask, "--output", tmp_path) == 2
    assert "--init-image" in capsys.readouterr().err
    assert run(monkeypatch, "generate", "x", "--init-image", missing, "--output", tmp_path) == 2
    assert "photo.png" in capsys.readouterr().err
    assert service.asked == []
