"""The log of a stack is read from its end, and followed until the stack has stopped."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from darkroom_local.errors import NoStack
from darkroom_local.log_reading import name_of, read_log
from darkroom_local.state import StateDir

LINES = ["platform-api       | one", "queue-api          | two", "platform-api       | three", "no name at all"]


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    state = StateDir(tmp_path)
    state.log_file.write_text("\n".join(LINES) + "\n")
    return state


def read(state: StateDir, *names: str, last: int = 100) -> list[str]:
    return list(read_log(state, names, last=last, follow=False))


def test_the_last_lines_are_read(state: StateDir) -> None:
    assert read(state) == LINES
    assert read(state, last=2) == LINES[2:]
    assert read(state, last=0) == []


def test_lines_of_one_process_are_read(state: StateDir) -> None:
    assert read(state, "platform-api", last=1) == [LINES[2]]
    assert read(state, "gpu-worker") == []


def test_each_line_names_its_process() -> None:
    assert name_of(LINES[0]) == ("platform-api", "one")
    assert name_of(LINES[3]) == ("darkroom", LINES[3])


def test_a_stack_without_a_log_is_no_stack(tmp_path: Path) -> None:
    with pytest.raises(NoStack):
        read(StateDir(tmp_path / "new"))


def test_a_log_is_followed_until_the_stack_has_stopped(state: StateDir) -> None:
    pauses = 0
    with ExitStack() as running:
        running.enter_context(state.lock())

        def go_on(_seconds: float) -> None:
            nonlocal pauses
            pauses += 1
            with state.log_file.open("a") as log:
                log.write("queue-api          | fo" if pauses == 1 else "ur\n")
            if pauses == 2:
                running.close()

        followed = list(read_log(state, (), last=1, follow=True, sleep=go_on))
    assert followed == [LINES[3], "queue-api          | four"]
