"""Names of checkpoints as people write them, and what A1111 says about an image."""

from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.connectors.a1111.checkpoints import title_of
from gpu_worker.connectors.a1111.requests import ImageInfo, decoded, info_of
from gpu_worker.connectors.server_faults import BadAnswer
from gpu_worker.domain.failures import Failure


def entry(path: str, sha256: str | None = "ab" * 32) -> dict[str, Any]:
    short = sha256[:10] if sha256 else None
    title = f"{path} [{short}]" if short else path
    return {"title": title, "model_name": path.rpartition(".")[0].replace("/", "_"), "hash": short, "sha256": sha256,
            "filename": f"C:\\webui\\models\\Stable-diffusion\\{path}".replace("/", "\\")}  # fmt: skip


KNOWN = [
    entry("base.safetensors", "0a1b2c3d4e" + "0" * 54),
    entry("xl/Juggernaut.safetensors", "ffee001122" + "1" * 54),
    entry("old/base.ckpt", None),
    entry("a/twin.safetensors", "1" * 64),
    entry("b/twin.safetensors", "2" * 64),
]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("base.safetensors [0a1b2c3d4e]", 0),
        ("base.safetensors", 0),
        ("BASE", 0),
        ("0a1b2c3d4e", 0),
        ("0a1b2c3d", 0),
        ("0a1b2c3d4e" + "0" * 54, 0),
        ("xl/Juggernaut.safetensors", 1),
        ("xl\\Juggernaut.safetensors", 1),
        ("xl_Juggernaut", 1),
        ("juggernaut", 1),
        ("somewhere/else/Juggernaut.safetensors", 1),
        ("C:\\webui\\models\\Stable-diffusion\\xl\\Juggernaut.safetensors", 1),
        ("Renamed.safetensors [ffee001122]", 1),
        ("old/base", 2),
        ("base.ckpt", 2),
        ("b/twin", 4),
    ],
)
def test_a_checkpoint_is_found_by_any_of_its_names(asked: str, number: int) -> None:
    assert title_of(asked, KNOWN) == KNOWN[number]["title"]


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ("missing", StepErrorCode.MODEL_UNAVAILABLE, "no 'missing'"),
        ("", StepErrorCode.MODEL_UNAVAILABLE, "no ''"),
        ("../base.safetensors/..", StepErrorCode.MODEL_UNAVAILABLE, "no"),
        ("twin", StepErrorCode.INVALID_PAYLOAD, "a/twin"),
    ],
)
def test_a_name_of_no_checkpoint_or_of_several_is_refused(asked: str, code: StepErrorCode, words: str) -> None:
    with pytest.raises(Failure, match=words) as caught:
        title_of(asked, [*KNOWN, {"title": None}, {}])
    assert caught.value.code is code


@pytest.mark.parametrize(
    ("info", "found"),
    [
        ('{"seed": 18446744073709551615, "sd_model_name": "m", "version": "v1"}', ImageInfo(2**64 - 1, "m", "v1")),
        ({"seed": 3}, ImageInfo(3)),
        ('{"seed": -1}', ImageInfo()),
        ("", ImageInfo()),
        ("{", ImageInfo()),
        ("[]", ImageInfo()),
        (None, ImageInfo()),
    ],
)
def test_info_is_read_as_text_as_object_and_empty(info: Any, found: ImageInfo) -> None:
    assert info_of({"info": info}) == found


def test_an_image_is_read_with_and_without_its_prefix() -> None:
    assert decoded("aGk=") == decoded("data:image/png;base64,aGk=") == b"hi"
    with pytest.raises(BadAnswer):
        decoded("not base64")
