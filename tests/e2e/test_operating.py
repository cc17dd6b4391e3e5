"""Operating the queue with the `darkroom` program, through the running stack."""

import json

import pytest
from support.program import Program

pytestmark = pytest.mark.e2e


def test_an_operator_pauses_sees_and_resumes(darkroom: Program) -> None:
    assert darkroom("queue", "pause", "simulation").stdout == "simulation is paused\n"
    status = json.loads(darkroom("queue", "status", "--json").stdout)
    assert status["by_type"]["simulation"]["paused"] is True
    rows = [line.split("\t") for line in darkroom("queue", "status").stdout.splitlines()]
    assert {row[0]: row[-1] for row in rows}["simulation"] == "yes"
    assert darkroom("queue", "resume", "simulation").returncode == 0
    wrong = darkroom("queue", "pause", "hologram")
    assert (wrong.returncode, "job_type" in wrong.stderr) == (2, True)


def test_workers_and_failed_jobs_are_listed(darkroom: Program) -> None:
    workers = json.loads(darkroom("queue", "workers", "--json").stdout)
    assert {"sdxl_image_fast", "simulation"} <= set(workers[0]["capabilities"]["types"])
    assert darkroom("queue", "backends").returncode == 0
    assert darkroom("queue", "dead-letters").returncode == 0
    assert darkroom("queue", "requeue", "--all", "--type", "simulation").stdout == "0 requeued, 0 refused\n"
    assert darkroom("queue", "purge", "--all", "--type", "simulation").stdout == "0 deleted\n"
    assert darkroom("queue", "drain", "nobody").returncode == 2
    unclear = darkroom("queue", "requeue")
    assert (unclear.returncode, "--all" in unclear.stderr) == (2, True)


def test_jobs_are_listed_by_status_and_type(darkroom: Program) -> None:
    made = darkroom("generate", "waves", "--type", "image_fast", "--json")
    job_id = json.loads(made.stdout)["id"]
    options = ("--status", "completed", "--type", "image_fast", "--group", job_id)
    [job] = json.loads(darkroom("queue", "jobs", *options, "--json").stdout)
    assert (job["job_type"], job["status"], job["workflow_id"]) == ("image_fast", "completed", job_id)
    assert job["job_id"] in darkroom("queue", "jobs", *options).stdout
    assert darkroom("queue", "jobs", "--status", "failed", "--group", job_id).stdout == ""
    wrong = darkroom("queue", "jobs", "--status", "lost")
    assert (wrong.returncode, "in_progress" in wrong.stderr) == (2, True)


def test_top_shows_the_present_state(darkroom: Program) -> None:
    shown = darkroom("top", "--once")
    assert shown.returncode == 0, shown.stderr
    assert "darkroom top" in shown.stdout
    assert "local-1" in shown.stdout
    refused = darkroom("top", "--once", "--queue-token", "wrong-token-of-somebody")
    assert refused.returncode == 4


def test_the_doctor_finds_no_error_in_a_running_stack(darkroom: Program) -> None:
    done = darkroom("doctor", "--json")
    found = json.loads(done.stdout)
    assert [one for one in found if one["severity"] == "error"] == []
    assert done.returncode == 0
    services = [one["message"] for one in found if one["check"] == "services"]
    assert sorted(message.split(" ")[0] for message in services)[:3] == ["gpu-worker", "platform-api", "queue-api"]
    assert any("local-1" in one["message"] for one in found if one["check"] == "workers")
