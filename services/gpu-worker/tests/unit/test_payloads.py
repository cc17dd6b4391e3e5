"""Payloads that no model can draw are refused for good, with the field named."""

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload, VideoPayload
from gpu_worker.domain.failures import Failure
from gpu_worker.models.payloads import read_payload, require_model
from gpu_worker.models.profile_loader import load_profile


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


def test_a_model_that_is_not_offered_is_refused_with_the_list_of_those_that_are(image_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match=r"it has: sdxl-base-1\.0") as caught:
        require_model(image_payload.model_copy(update={"model": "flux"}), load_profile("tiny").models)
    assert caught.value.code is StepErrorCode.MODEL_UNAVAILABLE


def test_a_model_of_another_family_is_refused(image_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match=r"'wan2\.1-t2v-1\.3b' cannot do 'sdxl'"):
        require_model(image_payload.model_copy(update={"model": "wan2.1-t2v-1.3b"}), load_profile("tiny").models)
