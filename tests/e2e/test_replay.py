"""An asset is drawn again from its recipe, through the running stack, and compared."""

import json

import pytest
from PIL import Image
from support.program import Program

pytestmark = pytest.mark.e2e


def draw(darkroom: Program, job_type: str) -> list[str]:
    """Draw with a fixed seed and return the ids of the assets."""
    out = darkroom("generate", "a lighthouse at dawn", "--type", job_type, "--seed", "41", "--json", "-o", "out").stdout
    found = darkroom("assets", "list", "--job", json.loads(out)["id"], "--json").stdout
    return [asset["id"] for asset in json.loads(found)]


def test_a_whole_batch_is_drawn_again_with_the_same_bytes(darkroom: Program) -> None:
    third = draw(darkroom, "sdxl_image_fast")[2]
    answer = json.loads(darkroom("replay", third, "--batch", "--json").stdout)
    assert (answer["result"], answer["asset"]) == ("same bytes", third)
    assert answer["replayed as"] != third


def test_one_picture_of_a_batch_is_drawn_again_alone(darkroom: Program) -> None:
    third = draw(darkroom, "sdxl_image_fast")[2]
    before = json.loads(darkroom("credits", "--json").stdout)["balance"]
    answer = json.loads(darkroom("replay", third, "--json").stdout)
    assert answer["result"] in {"same pixels", "within 1/255"}
    paid = before - json.loads(darkroom("credits", "--json").stdout)["balance"]
    price = next(t["price"] for t in json.loads(darkroom("types", "--json").stdout) if t["name"] == "sdxl_image_fast")
    assert paid == price / 6


def test_a_video_is_drawn_again_with_the_same_bytes(darkroom: Program) -> None:
    [video] = draw(darkroom, "video_fast")
    assert json.loads(darkroom("replay", video, "--json").stdout)["result"] == "same bytes"


def test_a_picture_from_a_picture_is_drawn_again_while_its_files_are_there(darkroom: Program) -> None:
    across = Image.linear_gradient("L")
    across.save(darkroom.folder / "photo.png")
    across.rotate(90).save(darkroom.folder / "mask.png")
    out = darkroom(
        "generate", "a harbour", "--init-image", "photo.png", "--mask", "mask.png", "--strength", "0.6", "--seed", "41",
        "--json", "-o", "out",
    ).stdout  # fmt: skip
    [first, *_] = json.loads(darkroom("assets", "list", "--job", json.loads(out)["id"], "--json").stdout)
    answer = json.loads(darkroom("replay", first["id"], "--batch", "--json").stdout)
    assert answer["result"] == "same bytes"
    uploads = json.loads(darkroom("assets", "list", "--type", "upload", "--json").stdout)
    darkroom("assets", "delete", uploads[0]["id"])
    refused = darkroom("replay", first["id"])
    assert refused.returncode == 1
    assert "mask_image: the file" in refused.stderr
