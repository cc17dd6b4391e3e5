import pytest
from darkroom_schemas.events import EventType
from darkroom_schemas.webhook import EVENT_NAMES, JOB_PROGRESS, NAMES, SUBSCRIBABLE
from webhook_dispatcher.domain.events import Subject
from webhook_dispatcher.domain.subscription import Filters, received_as

ANY = Filters()


@pytest.mark.parametrize(
    ("kind", "listed", "name"),
    [
        (EventType.JOB_CREATED, (), "job.submitted"),
        (EventType.JOB_CREATED, ("job.created",), "job.created"),
        (EventType.JOB_STARTED, ("job.status_changed",), "job.status_changed"),
        (EventType.JOB_STARTED, ("job.status_changed", "job.assigned"), "job.assigned"),
        (EventType.JOB_STARTED, ("job.*",), "job.status_changed"),
        (EventType.JOB_STARTED, ("job.completed",), None),
        (EventType.STEP_STARTED, (), None),
        (EventType.STEP_STARTED, ("step.*",), "step.started"),
        (EventType.ASSET_CREATED, (), None),
        (EventType.ASSET_CREATED, ("*",), "asset.created"),
        (EventType.GROUP_COMPLETED, (), "group.completed"),
    ],
)
def test_an_endpoint_receives_an_event_under_the_most_specific_name_it_lists(
    kind: EventType, listed: tuple[str, ...], name: str | None
) -> None:
    assert received_as(NAMES[kind], Subject(), listed, ANY) == name


def test_progress_must_be_listed_by_its_name() -> None:
    for listed in ((), ("*",), ("job.*",)):
        assert received_as((JOB_PROGRESS,), Subject(), listed, ANY) is None
    assert received_as((JOB_PROGRESS,), Subject(), (JOB_PROGRESS,), ANY) == JOB_PROGRESS


def test_each_filter_must_contain_the_value_of_the_event() -> None:
    subject = Subject(job_type="sdxl", status="failed", priority=50, worker_id="w1")
    passing = Filters(("sdxl", "wan"), ("failed",), (50,), ("w1",))
    assert passing.match(subject)
    assert not Filters(job_types=("wan",)).match(subject)
    assert not Filters(statuses=("completed",)).match(subject)
    assert not Filters(job_priorities=(1,)).match(subject)
    assert not Filters(worker_ids=("w2",)).match(subject)
    assert not Filters(machine_ids=("m1",)).match(subject), "the event names no machine"


def test_a_notice_about_a_disabled_endpoint_passes_all_filters() -> None:
    assert received_as(("endpoint.disabled",), Subject(), (), Filters(job_types=("sdxl",))) == "endpoint.disabled"


def test_every_name_can_be_listed_once() -> None:
    assert len(set(SUBSCRIBABLE)) == len(SUBSCRIBABLE)
    assert set(EVENT_NAMES) <= set(SUBSCRIBABLE)
