"""Whatever a client sends on a socket is a known message or an error that can be sent back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from queue_api.domain.client_messages import InvalidMessage, Ping, ResyncRequest, SubmitJob, Subscribe, read_message
from queue_api.domain.frames import Topic
from queue_api.sockets.errors import of_invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)
KINDS = st.sampled_from(["ping", "subscribe", "submit_job", "resync_request", "subscribe_job"])
MESSAGES = st.fixed_dictionaries(
    {},
    optional={"type": JSON | KINDS, "id": JSON, "topics": JSON, "filters": JSON, "payload": JSON, "job_id": JSON},
)
BAD = (
    "", "[", "[" * 100_000, "null", "[]", "5", '"ping"', "NaN", "{}", '{"type":[]}', '{"type":{}}', '{"type":null}',
    '{"type":5}', '{"id":NaN}', '{"type":"ping","id":NaN}', '{"type":"ping","id":Infinity}', '{"type":"ping","id":[]}',
    '{"type":"ping","id":true}',
    '{"type":"ping","id":1.5}', '{"type":"ping","id":"\\ud800"}', '{"type":"ping","id":"\\u0000"}',
    '{"type":"ping","id":' + "9" * 5000 + "}", '{"type":"ping","id":' + "9" * 400 + "}", '{"a":' * 50_000,
)  # fmt: skip


def refusal(text: str) -> dict[str, Any]:
    with pytest.raises(InvalidMessage) as caught:
        read_message(text)
    answer = of_invalid(caught.value)
    json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    return answer


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_message_is_an_error(text: str) -> None:
    assert refusal(text)["error_code"] == "invalid_message"


@pytest.mark.parametrize("kind", ["dance", "", "\ud800", "\0", "x" * 100_000])
def test_an_unknown_type_lists_the_known_ones_and_repeats_the_id(kind: str) -> None:
    answer = refusal(json.dumps({"type": kind, "id": 7}))
    assert (answer["error_code"], answer["id"], answer["request_id"]) == ("unknown_type", 7, 7)
    assert "ping, heartbeat" in answer["error"]
    assert len(answer["error"]) < 500


@given(st.text(st.characters()) | st.binary().map(lambda raw: raw.decode("latin-1")) | MESSAGES.map(json.dumps))
def test_any_text_is_a_message_or_an_error(text: str) -> None:
    try:
        read_message(text)
    except InvalidMessage as error:
        json.dumps(of_invalid(error), ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"type": "subscribe"}, "topics"),
        ({"type": "subscribe", "topics": ["job"]}, "topics.0"),
        ({"type": "subscribe", "topics": ["jobs"] * 21}, "topics"),
        ({"type": "subscribe", "topics": [], "filters": {"job_types": ["a"] * 101}}, "filters.job_types"),
        ({"type": "subscribe", "topics": [], "filters": {"priority_range": [0, 50]}}, "filters.priority_range.0"),
        ({"type": "subscribe", "topics": [], "filters": {"colour": "red"}}, "filters.colour"),
        ({"type": "submit_job", "payload": {}}, "job_type"),
        ({"type": "submit_job", "job_type": "simulation", "payload": {}, "priority": 0}, "priority"),
        ({"type": "subscribe_job", "job_id": "x" * 201}, "job_id"),
        ({"type": "subscribe_stats", "interval_seconds": 0.01}, "interval_seconds"),
        ({"type": "resync_request", "since_event_id": "0-1-1-1", "max_events": 1001}, "max_events"),
    ],
)
def test_an_invalid_field_is_named(message: dict[str, Any], field: str) -> None:
    answer = refusal(json.dumps(message | {"id": "a"}))
    assert (answer["error_code"], answer["details"]["field"], answer["id"]) == ("invalid_message", field, "a")


def test_a_resync_names_one_place() -> None:
    for places in ({}, {"since_event_id": "0-1-1-1", "since_timestamp": 1}):
        assert "since_event_id" in refusal(json.dumps({"type": "resync_request"} | places))["error"]


def test_messages_of_the_dialect_are_read() -> None:
    assert read_message('{"type":"ping","id":3,"timestamp":5}') == (Ping(type="ping", timestamp=5), 3)
    subscribe, _ = read_message('{"type":"subscribe","topics":["jobs:status"],"filters":{"priority_range":[1,50]}}')
    assert isinstance(subscribe, Subscribe)
    assert subscribe.topics == [Topic.JOBS_STATUS]
    submit, _ = read_message('{"type":"submit_job","job_type":"simulation","payload":{"steps":2},"priority":7}')
    assert isinstance(submit, SubmitJob)
    assert (submit.submission.priority, submit.submission.payload) == (7, {"steps": 2})
    resync, _ = read_message('{"type":"resync_request","since_timestamp":5}')
    assert isinstance(resync, ResyncRequest)
    assert resync.max_events == 1000
