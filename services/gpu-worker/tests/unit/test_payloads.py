"""Payloads that no model can draw are refused for good, with the field named."""

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload, VideoPayload
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.payloads import read_payload


def test_a_payload_survives_the_way_through_json(image_payload: ImagePayload) -> None:
    assert read_payload(image_payload.model_dump(mode="json")) == image_payload


def test_a_missing_field_is_named(image_payload: ImagePayload) -> None:
    raw = image_payload.model_dump(mode="json")
    del raw["seeds"]
    with pytest.raises(Failure, match="seeds") as caught:
        read_payload(raw)
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD
    assert not caught.value.retryable


def test_a_number_of_frames_that_wan_cannot_draw_is_refused(video_payload: VideoPayload) -> None:
    with pytest.raises(Failure, match="frames must be 4k"):
        read_payload(video_payload.model_dump(mode="json") | {"frames": 80})
