"""The models of what sockets send fit what the converters make."""

import json

import pytest
from darkroom_schemas.channels import MachineState, WorkerState
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.worker import Capabilities, WorkerInfo
from queue_api.domain.fleet_messages import changed, connected, disconnected, machine_changed
from queue_api.domain.server_messages import ALL, ServerMessage

MODELS = {model.kind(): model for model in ALL}
INFO = WorkerInfo(
    worker_id=WorkerId("w"), incarnation="i", machine_id="m", version="1", concurrency=1,
    capabilities=Capabilities(types=("comfyui",), backends=("localhost_8188",)),
)  # fmt: skip


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.kind())
def test_an_example_is_a_message(model: type[ServerMessage]) -> None:
    text = model.example().model_dump_json(exclude_unset=True)
    assert model.model_validate_json(text) == model.example()


def test_each_type_has_one_model() -> None:
    assert len(MODELS) == len(ALL)


def test_messages_about_the_fleet_fit_their_models() -> None:
    frames = [
        *connected(INFO, "idle", 1), *disconnected("w", INFO, WorkerState.LOST, 1),
        *disconnected("w", None, WorkerState.STOPPED, 1), changed(INFO, "idle", "busy", None, 1),
    ]  # fmt: skip
    for state in MachineState:
        frames += machine_changed("m", state, 1, 1, is_new=True)
    frames += machine_changed("m", MachineState.READY, 2, 1, is_new=False)
    for frame in frames:
        message = json.loads(frame.text)
        assert MODELS[message["type"]].model_validate(message).timestamp == 1
