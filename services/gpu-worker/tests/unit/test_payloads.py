"""Payloads that no model can draw are refused for good, with the field named."""

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload, VideoPayload
from gpu_worker.domain.failures import Failure
from gpu_worker.models.payloads import read_payload, require_model, with_defaults
from gpu_worker.models.profile_loader import load_profile

FILE = {"key": "k", "mime_type": "image/png", "size_bytes": 1}


def test_a_payload_survives_the_way_through_json(image_payload: ImagePayload) -> None:
    assert read_payload(image_payload.model_dump(mode="json")) == image_payload


def test_a_missing_field_is_named(image_payload: ImagePayload) -> None:
    raw = image_payload.model_dump(mode="json")
    del raw["seeds"]
    with pytest.raises(Failure, match="seeds") as caught:
        read_payload(raw)
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": "flux"}, "family: must be one of sdxl, wan_image, wan_video, z_image, prompt"),
        ({"family": None}, "family: must be one of sdxl, wan_image, wan_video, z_image, prompt"),
        ({"family": "wan_image", "loras": [{"name": "ink"}]}, "loras: wan_image applies no LoRAs"),
        ({"seeds": []}, "seeds: Tuple should have at least 1 item after validation, not 0"),
        ({"steps": 60, "sampler": "LCM"}, "steps: must be at most 50 with the sampler LCM, are 60"),
        ({"mask_image": FILE}, "mask_image: needs an init_image, which it is for"),
        ({"mask_blur": 4}, "mask_blur: needs an init_image, which it is for"),
        ({"family": "z_image", "init_image": FILE}, "init_image: z_image draws from text only"),
        ({"family": "wan_image", "hires": {}}, "hires: wan_image draws from text only"),
        ({"init_image": FILE, "hires": {}}, "hires: cannot be combined with an init_image"),
        ({"hires": {"width": 4096}}, "hires: width and height must be given together"),
        ({"width": 2048, "hires": {"scale": 4}}, "hires: must have at most 4096 pixels a side, not 8192x4096"),
        (
            {"sampler": "LCM", "hires": {"steps": 60}},
            "hires: steps must be at most 50 with the sampler LCM, are 60",
        ),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_would_be_right(
    image_payload: ImagePayload, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(Failure) as caught:
        read_payload(image_payload.model_dump(mode="json") | changes)
    assert caught.value.message == message


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


@pytest.mark.parametrize("profile", ["tiny", "full"])
def test_a_payload_without_a_negative_prompt_gets_that_of_its_model(profile: str, video_payload: VideoPayload) -> None:
    filled = with_defaults(video_payload, load_profile(profile).models)
    assert isinstance(filled, VideoPayload)
    words = (filled.negative_prompt or "").split("，")
    # `sample_neg_prompt` of Wan-Video/Wan2.1, wan/configs/shared_config.py
    assert (words[0], words[11:14], words[-1], len(words)) == (
        *("色调艳丽", ["最差质量", "低质量", "JPEG压缩残留"], "倒着走", 28),
    )
    assert "".join(words).isalnum()


@pytest.mark.parametrize("chosen", ["", "fog"])
def test_a_negative_prompt_that_was_chosen_stays(video_payload: VideoPayload, chosen: str) -> None:
    payload = video_payload.model_copy(update={"negative_prompt": chosen})
    assert with_defaults(payload, load_profile("full").models) == payload


def test_sdxl_has_no_negative_prompt_of_its_own(image_payload: ImagePayload) -> None:
    filled = with_defaults(image_payload.model_copy(update={"negative_prompt": None}), load_profile("full").models)
    assert isinstance(filled, ImagePayload)
    assert filled.negative_prompt == ""


def test_a_prompt_beyond_the_limit_is_refused(image_payload: ImagePayload) -> None:
    with pytest.raises(Failure, match="prompt: String should have at most 20000 characters"):
        read_payload(image_payload.model_dump(mode="json") | {"prompt": "x" * 20_001})
