"""Calls are sent again after a cut and when the service asks for it, within bounds and never twice."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from darkroom_client import NotFound, NotReachable, Retries, ServiceError
from support.either_client import Connect, EitherClient
from support.scripted_service import Answer, ScriptedService

ACCEPTED = {"success": True, "job": {"id": "j1"}}
ASSET_GONE = {"error": "There is no such asset.", "code": "not_found"}


def later(status: int, wait: str, **body: Any) -> Answer:
    return Answer.json({"error": "Later.", **body}, status=status, Retry_After=wait)


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_comes_back_when_the_service_asks_and_submits_once(
    api: EitherClient, service: ScriptedService, status: int
) -> None:
    service.on("/api/queue-job", later(status, "7"), later(status, "3"), Answer.json(ACCEPTED))
    assert api(api.client.submit("video_fast", "waves")).id == "j1"
    assert api.pauses == [7.0, 3.0]
    assert len({asked.headers["idempotency-key"] for asked in service.asked}) == 1


def test_without_a_time_the_pauses_grow_and_the_tries_end(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs", Answer.json({"error": "Away."}, status=503))
    with pytest.raises(ServiceError, match="Away"):
        api(api.client.jobs.list())
    assert api.pauses == [0.25, 0.5, 1.0, 2.0]
    assert len(service.asked) == 5


def test_a_time_that_is_too_far_is_an_error_and_not_waited_for(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs", later(429, "40"))
    with pytest.raises(ServiceError) as refused:
        api(api.client.jobs.list())
    assert (api.pauses, refused.value.retry_after) == ([40.0], 40.0)


def test_a_time_may_be_a_date(connect: Connect, service: ScriptedService) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    service.on("/api/jobs", later(503, at))
    api = connect(service.url, retries=None)
    with pytest.raises(ServiceError) as refused:
        api(api.client.jobs.list())
    assert refused.value.retry_after == pytest.approx(30, abs=2)


@pytest.mark.parametrize("wait", ["soon", "-1", "1e9", "٣"])
def test_a_time_that_is_none_is_passed_over(connect: Connect, service: ScriptedService, wait: str) -> None:
    service.on("/api/jobs", Answer.json({"error": "Later."}, status=503, Retry_After=wait.encode().decode("latin-1")))
    api = connect(service.url, retries=None)
    with pytest.raises(ServiceError) as refused:
        api(api.client.jobs.list())
    assert refused.value.retry_after is None


def test_retries_can_be_switched_off(connect: Connect, service: ScriptedService) -> None:
    service.on("/api/jobs", later(503, "0"))
    api = connect(service.url, retries=None)
    with pytest.raises(ServiceError):
        api(api.client.jobs.list())
    assert len(service.asked) == 1


def test_retries_can_be_bounded_otherwise(connect: Connect, service: ScriptedService) -> None:
    service.on("/api/jobs", later(503, "2"))
    api = connect(service.url, retries=Retries(attempts=9, total_s=5))
    with pytest.raises(ServiceError):
        api(api.client.jobs.list())
    assert api.pauses == [2.0, 2.0]


def test_a_submission_whose_first_attempt_is_still_answered_waits_for_it(
    api: EitherClient, service: ScriptedService
) -> None:
    busy = later(409, "1", code="idempotency_in_progress")
    service.on("/api/queue-job", Answer(200, b"{", cut=True), busy, Answer.json(ACCEPTED))
    assert api(api.client.submit("video_fast", "waves")).id == "j1"
    assert len({asked.headers["idempotency-key"] for asked in service.asked}) == 1


def test_a_connection_that_does_not_come_back_is_not_tried_for_ever(
    api: EitherClient, service: ScriptedService
) -> None:
    service.on("/api/jobs", Answer(200, b"{", cut=True))
    with pytest.raises(NotReachable, match="The connection was lost"):
        api(api.client.jobs.list())
    assert len(service.asked) == 5


def test_a_deletion_whose_answer_was_cut_has_happened(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/assets/a1", Answer(200, b"{", cut=True), Answer.json(ASSET_GONE, status=404))
    assert api(api.client.assets.delete("a1")) is None


def test_a_deletion_of_nothing_is_not_found(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/assets/a1", Answer.json(ASSET_GONE, status=404))
    with pytest.raises(NotFound):
        api(api.client.assets.delete("a1"))


def test_a_stream_waits_as_long_as_the_service_asks(api: EitherClient, service: ScriptedService) -> None:
    service.on("/api/jobs/j1/stream", later(429, "9"), Answer(204))
    assert api(api.client.jobs.stream("j1", last_event_id="0-1-9-0")) == []
    assert api.pauses == [9.0]
