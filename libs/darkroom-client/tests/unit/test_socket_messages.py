"""The client reads every message that queue-api's models write."""

import json
from pathlib import Path

import pytest
from darkroom_client.models.socket import JobCompleted, QueueMessage, read_message

WRITTEN = sorted((Path(__file__).parents[4] / "proto-schemas" / "messages").glob("*.json"))


def test_there_are_messages() -> None:
    assert len(WRITTEN) > 30


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.stem)
def test_a_written_message_is_read_with_all_that_its_class_names(file: Path) -> None:
    message = json.loads(file.read_text())
    read = read_message(file.read_text())
    assert type(read) is not QueueMessage, f"no class reads {file.stem}"
    kept = json.loads(read.model_dump_json(exclude_unset=True))
    assert kept == {name: value for name, value in message.items() if name in type(read).model_fields}
    unread = message.keys() - kept.keys() - {"request_id", "server_timestamp", "events_missed"}
    assert unread <= {"estimated_completion", "connected_at", "jobs_completed", "jobs_failed", "host_info"}


def test_a_message_of_a_later_release_is_read_as_it_is() -> None:
    read = read_message('{"type": "weather", "timestamp": 1, "sky": "clear"}')
    assert (type(read), read.type) == (QueueMessage, "weather")


def test_an_end_says_whether_the_job_completed() -> None:
    ended = {"type": "complete_job", "timestamp": 1, "job_id": "a", "completed_at": 1}
    for status, succeeded in (("success", True), ("failed", False)):
        read = read_message(json.dumps(ended | {"result": {"status": status, "data": None, "error": None}}))
        assert isinstance(read, JobCompleted)
        assert read.succeeded is succeeded


@pytest.mark.parametrize("text", ["", "[]", "7", '{"timestamp": 1}', "{"])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json or of pydantic
        read_message(text)
