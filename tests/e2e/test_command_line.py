"""The `darkroom` program through the running stack."""

import json
import signal
from pathlib import Path
from typing import IO

import pytest
from darkroom_client.models import Job
from darkroom_local.demo.inspection import inspect
from darkroom_schemas.catalogue import CATALOGUE, OURVIDZ_TYPES
from support.program import Program

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("job_type", OURVIDZ_TYPES)
def test_every_job_type_ends_in_files_that_are_as_ordered(darkroom: Program, job_type: str) -> None:
    ended = darkroom("generate", "a lighthouse at dawn", "--type", job_type, "--json")
    assert ended.returncode == 0, ended.stderr
    printed = json.loads(ended.stdout)
    files = [Path(darkroom.folder, file) for file in printed.pop("files")]
    inspect(Job.model_validate(printed), CATALOGUE[job_type], files)


def test_the_demo_shows_pictures_a_video_and_an_enhanced_prompt(darkroom: Program, tmp_path: Path) -> None:
    ended = darkroom("demo")
    assert ended.returncode == 0, ended.stderr
    made = [file.suffix for file in (tmp_path / "darkroom-output").iterdir()]
    assert (made.count(".png"), made.count(".mp4")) == (7, 1)
    assert "prompt enhanced to:" in ended.stdout
    assert "noise on purpose" in ended.stdout
    assert "denoise" in ended.stdout


def read_until_started(output: IO[str]) -> None:
    assert any("started" in line for line in output)


def test_ctrl_c_ends_the_program_with_130_and_not_the_job(darkroom: Program) -> None:
    with darkroom.start("generate", "waves", "--type", "video_high") as program:
        assert program.stdout is not None
        job_id = program.stdout.readline().split()[1]
        read_until_started(program.stdout)
        program.send_signal(signal.SIGINT)
        assert f"darkroom watch {job_id}" in program.stdout.read()
        assert program.wait() == 130
    assert darkroom("watch", job_id).returncode == 0


def test_a_cancelled_job_ends_its_watchers_with_1(darkroom: Program) -> None:
    with darkroom.start("generate", "waves", "--type", "video_high") as program:
        assert program.stdout is not None
        job_id = program.stdout.readline().split()[1]
        read_until_started(program.stdout)
        assert darkroom("cancel", job_id).returncode == 0
        assert "The job failed" in program.stdout.read()
        assert program.wait() == 1


def test_a_prompt_that_is_too_long_ends_with_2_and_names_the_field(darkroom: Program) -> None:
    ended = darkroom("generate", "x" * 3000)
    assert ended.returncode == 2
    assert "metadata.prompt" in ended.stderr


def test_a_wrong_token_ends_with_4(darkroom: Program) -> None:
    assert darkroom("jobs", "--token", "dk_user_wrong").returncode == 4


def test_count_makes_and_charges_that_many_jobs(darkroom: Program) -> None:
    ended = darkroom("generate", "waves", "--type", "image_fast", "--count", "2", "--seed", "5", "--json")
    assert ended.returncode == 0, ended.stderr
    jobs = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [job["metadata"]["seeds"] for job in jobs] == [[5], [6]]
    assert len({file for job in jobs for file in job["files"]}) == 2
    statement = json.loads(darkroom("credits", "--statement", "--limit", "50", "--json").stdout)
    assert sum(line["change"] for line in statement if line["job_id"] in {job["id"] for job in jobs}) == -1.0


def test_too_few_credits_end_with_2_and_say_what_is_missing(darkroom: Program) -> None:
    added = darkroom("user", "add", "poor", "--credits", "0.1").stdout
    token = next(line.split()[1] for line in added.splitlines() if line.startswith("api_key:"))
    ended = darkroom("generate", "waves", "--type", "image_fast", "--token", token)
    assert ended.returncode == 2
    assert "The job costs 0.5 credits, 0.4 more than the balance." in ended.stderr


def test_a_key_is_made_used_and_revoked(darkroom: Program) -> None:
    made = darkroom("keys", "create", "for a test", "--scope", "jobs:read")
    key = made.stdout.strip()
    assert darkroom("jobs", "--token", key).returncode == 0
    assert darkroom("credits", "--token", key).returncode == 4
    assert darkroom("keys", "revoke", key).returncode == 0
    assert darkroom("jobs", "--token", key).returncode == 4


def test_status_and_logs_report_the_stack(darkroom: Program) -> None:
    ended = darkroom("status")
    services = [line.split("\t")[:2] for line in ended.stdout.splitlines()[:-1]]
    assert services == [[name, "ok"] for name in ("platform-api", "queue-api", "webhook-dispatcher", "gpu-worker")]
    assert darkroom("logs", "gpu-worker", "-n", "1").stdout.startswith("gpu-worker         | ")


def test_an_unknown_job_type_ends_with_2_and_lists_those_that_exist(darkroom: Program) -> None:
    ended = darkroom("generate", "waves", "--type", "sdxl")
    assert ended.returncode == 2
    assert all(job_type in ended.stderr for job_type in OURVIDZ_TYPES)


def test_assets_are_listed_saved_and_deleted(darkroom: Program) -> None:
    assert darkroom("generate", "waves", "--type", "image_fast").returncode == 0
    asset_id = darkroom("assets", "list", "--limit", "1").stdout.split("\t")[0]
    saved = Path(darkroom.folder, darkroom("assets", "download", asset_id).stdout.strip())
    assert saved.read_bytes().startswith(b"\x89PNG")
    assert json.loads(darkroom("assets", "show", asset_id, "--json").stdout)["recipe"]
    assert darkroom("assets", "delete", asset_id).returncode == 0
    assert darkroom("assets", "show", asset_id).returncode == 2


def test_a_failed_job_can_be_explained_and_retried(darkroom: Program) -> None:
    with darkroom.start("generate", "waves", "--type", "video_high") as program:
        assert program.stdout is not None
        job_id = program.stdout.readline().split()[1]
        assert darkroom("cancel", job_id).returncode == 0
        program.stdout.read()
    assert "ended" in darkroom("why", job_id).stdout
    assert "attempt 1" in darkroom("retry", job_id).stdout
    assert darkroom("watch", job_id, "--limit", "0").returncode == 0
