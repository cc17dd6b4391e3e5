"""Which files of a folder are offered as LoRAs, and which of them a step uses."""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.loras import LoraChoice
from darkroom_schemas.payload import ImagePayload, VideoPayload
from gpu_worker.domain.failures import Failure
from gpu_worker.loops.lora_refresh import LoraRefresh
from gpu_worker.models import lora_folder
from gpu_worker.models.lora_folder import LoraFolder

LORA = ("lora_unet_mid.lora_down.weight", "lora_unet_mid.lora_up.weight")


def write(path: Path, tensors: tuple[str, ...] = LORA, more: bytes = b"") -> bytes:
    """Write a safetensors file of one-element tensors, with `more` bytes behind them; return it."""
    entries = {
        name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * n, 4 * n + 4]} for n, name in enumerate(tensors)
    }
    header = json.dumps(entries | {"__metadata__": {"ss_network_dim": "1"}}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(4 * len(tensors)) + more
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return content


@pytest.fixture
def folder(tmp_path: Path) -> LoraFolder:
    return LoraFolder(tmp_path / "loras", tmp_path / "digests.json")


def asked(payload: ImagePayload, prompt: str = "a boat", **weights: float) -> ImagePayload:
    loras = tuple(LoraChoice(name=name, weight=weight) for name, weight in weights.items())
    return payload.model_copy(update={"prompt": prompt, "loras": loras})


def test_files_are_offered_by_their_names_one_folder_deep(folder: LoraFolder, tmp_path: Path) -> None:
    assert not folder.scan()  # there is no folder yet
    for name in ("ink v1.0", "styles/oil", "styles/deep/pastel", ".hidden"):
        write(tmp_path / f"loras/{name}.safetensors")
    write(tmp_path / "loras/notes.txt")
    assert folder.scan()
    assert list(folder.names) == ["ink v1.0", "oil"]
    assert not folder.scan()
    (tmp_path / "loras/styles/oil.safetensors").unlink()
    assert folder.scan()
    assert list(folder.names) == ["ink v1.0"]


def test_of_two_files_of_one_name_the_first_by_path_is_offered(
    folder: LoraFolder, tmp_path: Path, image_payload: ImagePayload, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path / "loras/a/ink.safetensors")
    write(tmp_path / "loras/b/ink.safetensors", more=b"")
    folder.scan()
    folder.scan()
    (use,) = folder.choose(asked(image_payload, ink=0.5))
    assert (use.path, use.weight, use.size_bytes) == (tmp_path / "loras/a/ink.safetensors", 0.5, len(first))
    assert capsys.readouterr().out.count("another file of this name is used: a/ink.safetensors") == 1


def damaged(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(change(write(path)))

    return make


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (damaged(lambda content: content[:-1]), "cut: it has"),
        (damaged(lambda _: b""), "an empty file"),
        (damaged(lambda _: b"<!DOCTYPE html><p>Log in"), "a web page"),
        (damaged(lambda content: content[:8] + b"x" + content[9:]), "not a safetensors file"),
        (lambda path: write(path, ("first_stage_model.decoder.conv_in.weight",)), "odd.safetensors is a VAE"),
        (lambda path: write(path, ("double_blocks.0.img_attn.qkv.weight",)), "odd.safetensors is a Flux checkpoint"),
    ],
)
def test_a_file_that_is_no_lora_is_named_for_what_it_is(
    folder: LoraFolder, tmp_path: Path, make: Callable[[Path], None], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "loras/odd.safetensors")
    write(tmp_path / "loras/good.safetensors")
    for _ in range(2):
        folder.scan()
        assert list(folder.names) == ["good"]
    reports = capsys.readouterr().out
    assert reports.count(reason) == 1


def test_a_file_that_became_complete_is_offered(folder: LoraFolder, tmp_path: Path) -> None:
    path = tmp_path / "loras/ink.safetensors"
    content = write(path)
    path.write_bytes(content[:-4])
    folder.scan()
    assert not folder.names
    path.write_bytes(content)
    assert folder.scan()
    assert list(folder.names) == ["ink"]


def test_names_that_cannot_be_written_are_left_out(folder: LoraFolder, tmp_path: Path) -> None:
    for name in (b"not\xffutf8", b"new\nline", b"x" * 201):
        write(tmp_path / "loras/draft.safetensors")
        os.rename(tmp_path / "loras/draft.safetensors", os.fsencode(tmp_path / "loras") + b"/" + name + b".safetensors")
    folder.scan()
    assert not folder.names


def test_the_number_of_loras_is_bounded(
    folder: LoraFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lora_folder, "MAX_OFFERED", 2)
    for name in "cab":
        write(tmp_path / f"loras/{name}.safetensors")
    folder.scan()
    assert list(folder.names) == ["a", "b"]
    assert "more than 2 LoRAs" in capsys.readouterr().out


def test_a_step_uses_the_loras_of_its_payload_and_of_its_prompt(
    folder: LoraFolder, tmp_path: Path, image_payload: ImagePayload
) -> None:
    contents = {name: write(tmp_path / f"loras/{name}.safetensors", more=b"") for name in ("ink", "oil")}
    folder.scan()
    prompt = "a boat <lora:ink:0.25> <lora:unknown:1> <lora:ink:.5><lora:oil>"
    found = folder.choose(asked(image_payload, prompt, oil=-0.5))
    assert [(use.name, use.weight) for use in found] == [("ink", 0.75), ("oil", 0.5)]
    assert [use.sha256 for use in found] == [hashlib.sha256(contents[use.name]).hexdigest() for use in found]
    assert folder.choose(asked(image_payload)) == ()


def test_a_changed_file_has_its_new_hash(folder: LoraFolder, tmp_path: Path, image_payload: ImagePayload) -> None:
    path = tmp_path / "loras/ink.safetensors"
    write(path)
    folder.scan()
    before = folder.choose(asked(image_payload, ink=1.0))
    content = write(path, (*LORA, "lora_unet_mid.alpha"))
    (after,) = folder.choose(asked(image_payload, ink=1.0))
    assert after.sha256 == hashlib.sha256(content).hexdigest() != before[0].sha256


def test_a_missing_lora_fails_the_step_with_the_known_ones(
    folder: LoraFolder, tmp_path: Path, image_payload: ImagePayload
) -> None:
    write(tmp_path / "loras/oil.safetensors")
    folder.scan()
    with pytest.raises(Failure, match="no LoRA 'ink'; it has: oil") as caught:
        folder.choose(asked(image_payload, ink=1.0))
    assert (caught.value.code, caught.value.retryable) == (StepErrorCode.MODEL_UNAVAILABLE, True)
    (tmp_path / "loras/oil.safetensors").unlink()
    with pytest.raises(Failure, match="no LoRA 'oil'"):
        folder.choose(asked(image_payload, oil=1.0))


def test_a_step_has_at_most_eight_loras(folder: LoraFolder, tmp_path: Path, image_payload: ImagePayload) -> None:
    for number in range(9):
        write(tmp_path / f"loras/{number}.safetensors")
    folder.scan()
    prompt = "".join(f"<lora:{number}:1>" for number in range(9))
    with pytest.raises(Failure, match="loras: must be at most 8 with those in the prompt, are 9") as caught:
        folder.choose(asked(image_payload, prompt))
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD


def test_other_families_use_none(folder: LoraFolder, tmp_path: Path, video_payload: VideoPayload) -> None:
    write(tmp_path / "loras/ink.safetensors")
    folder.scan()
    assert folder.choose(video_payload.model_copy(update={"prompt": "<lora:ink:1>"})) == ()


async def test_a_change_of_the_folder_is_noticed() -> None:
    changed, scans = asyncio.Event(), iter([False, True])
    loop = asyncio.get_running_loop()
    calls: list[Any] = []

    def scan() -> bool:
        calls.append(None)
        return next(scans, False)

    running = loop.create_task(LoraRefresh(scan, changed.set, every_s=0.0).run())
    async with asyncio.timeout(5):
        await changed.wait()
    running.cancel()
    assert len(calls) >= 2
