"""Whatever a client sends on a socket, there is one answer that can be sent back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from queue_api.domain.frames import answer_to

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)
MESSAGES = st.fixed_dictionaries({}, optional={"type": JSON | st.sampled_from(["ping", "heartbeat"]), "id": JSON})
BAD = (
    "", "[", "[" * 100_000, "null", "[]", "5", '"ping"', "NaN", "{}", '{"type":[]}', '{"type":{}}', '{"type":null}',
    '{"type":5}', '{"id":NaN}', '{"type":"ping","id":NaN}', '{"type":"ping","id":Infinity}', '{"type":"ping","id":[]}',
    '{"type":"ping","id":true}',
    '{"type":"ping","id":1.5}', '{"type":"ping","id":"\\ud800"}', '{"type":"ping","id":"\\u0000"}',
    '{"type":"ping","id":' + "9" * 5000 + "}", '{"type":"ping","id":' + "9" * 400 + "}", '{"a":' * 50_000,
)  # fmt: skip


def check(text: str) -> dict[str, Any]:
    answer = answer_to(text, 5)
    json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    assert answer["timestamp"] == 5
    return answer


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_message_is_answered_so(text: str) -> None:
    assert check(text)["error_code"] == "invalid_message"


@pytest.mark.parametrize("kind", ["dance", "", "\ud800", "\0", "x" * 100_000])
def test_an_unknown_type_is_answered_with_the_known_ones_and_its_id(kind: str) -> None:
    answer = check(json.dumps({"type": kind, "id": 7}))
    assert (answer["error_code"], answer["id"]) == ("unknown_type", 7)
    assert "ping, heartbeat" in answer["error"]
    assert len(answer["error"]) < 500


@given(st.text(st.characters()) | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_has_an_answer(text: str) -> None:
    check(text)


@given(MESSAGES | JSON)
def test_any_json_has_an_answer_that_carries_a_good_id_back(message: Any) -> None:
    answer = check(json.dumps(message))
    if answer["type"] in {"pong", "heartbeat_ack"} and message.get("id") is not None:
        assert answer["id"] == message["id"]
