"""Frames that many connections share are those that a WebSocket library makes."""

import pytest
from queue_api.domain.frames import text_frame
from websockets.frames import Frame, Opcode


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_frame_has_the_bytes_of_the_library(size: int) -> None:
    text = "é" + "x" * (size - 2) if size > 1 else "x" * size
    assert len(text.encode()) == size
    assert text_frame(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
