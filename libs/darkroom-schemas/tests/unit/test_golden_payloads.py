"""Payloads that were written while families were a closed list are read and written again byte for byte.

The files are payloads of release 0.1.0, one of each family among them. They must never change.
"""

import json
from pathlib import Path

import pytest
from darkroom_schemas.payload import PAYLOAD

GOLDEN = sorted((Path(__file__).parent / "golden_payloads").glob("*.json"))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_payload_of_an_earlier_release_survives_byte_for_byte(file: Path) -> None:
    text = file.read_text("utf-8")
    payload = PAYLOAD.validate_json(text)
    written = payload.model_dump(mode="json", exclude_unset=True)
    assert json.dumps(written, indent=2, ensure_ascii=False) + "\n" == text


def test_every_family_of_that_release_has_a_file() -> None:
    families = {json.loads(file.read_text("utf-8"))["family"] for file in GOLDEN}
    assert families == {"sdxl", "wan_image", "wan_video", "prompt"}
