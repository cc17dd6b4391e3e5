import pytest
from darkroom_schemas.ids import EventId, JobId, new_uuid7, step_id


def test_an_event_id_reads_back_what_it_writes() -> None:
    event_id = EventId(shard=1, epoch=2, ms=1_700_000_000_000, seq=3)
    assert EventId.parse(str(event_id)) == event_id


@pytest.mark.parametrize(
    "text", ["", "1-2-3", "1-2-3-4-5", "a-1-1-1", "1-2-3-4\n", "-1-2-3-4", "1-2-3-99999999999999999"]
)
def test_anything_else_is_not_an_event_id(text: str) -> None:
    with pytest.raises(ValueError, match="not an event id"):
        EventId.parse(text)


def test_event_ids_of_a_later_epoch_are_greater() -> None:
    assert EventId(0, 2, 1, 0) > EventId(0, 1, 999, 999)


def test_new_job_ids_grow_with_time_to_the_millisecond() -> None:
    ids = [new_uuid7() for _ in range(1000)]
    stamps = [i[:13] for i in ids]
    assert stamps == sorted(stamps)
    assert len(set(ids)) == 1000


def test_a_step_id_names_job_run_and_number() -> None:
    assert step_id(JobId("j"), 2, 7) == "j:2:07"
