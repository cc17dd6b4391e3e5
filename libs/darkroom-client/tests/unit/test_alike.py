"""The sync and the async client have the same methods with the same parameters."""

import inspect
from typing import Any

import pytest
from darkroom_client import AsyncClient, AsyncJobHandle, Client, JobHandle, async_resources, resources

NAMES = ("Jobs", "Assets", "JobTypes", "Credits", "Keys", "Webhooks", "Tickets")
PAIRS = [
    (Client, AsyncClient),
    (JobHandle, AsyncJobHandle),
    *((getattr(resources, name), getattr(async_resources, f"Async{name}")) for name in NAMES),
]


def methods(kind: type, *, renamed: dict[str, str]) -> dict[str, Any]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {renamed.get(name, name): method for name, method in found if not name.startswith("_")}


@pytest.mark.parametrize(("sync", "asynchronous"), PAIRS, ids=lambda kind: kind.__name__)
def test_both_have_the_same_methods_and_parameters(sync: type, asynchronous: type) -> None:
    theirs, ours = methods(asynchronous, renamed={"aclose": "close"}), methods(sync, renamed={})
    assert theirs.keys() == ours.keys()
    for name, method in ours.items():
        mine, other = inspect.signature(method), inspect.signature(theirs[name])
        assert list(mine.parameters.values()) == list(other.parameters.values()), name
        assert method.__doc__ == theirs[name].__doc__, name


@pytest.mark.parametrize(("sync", "asynchronous"), PAIRS, ids=lambda kind: kind.__name__)
def test_every_method_that_asks_a_service_is_awaited(sync: type, asynchronous: type) -> None:
    for name, method in methods(asynchronous, renamed={}).items():
        returns = str(inspect.signature(method).return_annotation)
        assert inspect.iscoroutinefunction(method) or "AsyncIterator" in returns or name == "attach", name


def test_every_resource_is_compared() -> None:
    defined = {
        name for name, kind in vars(resources).items() if inspect.isclass(kind) and issubclass(kind, resources.Resource)
    }
    assert defined - {"Resource"} == set(NAMES)


def test_both_clients_take_the_same_settings() -> None:
    mine, other = (inspect.signature(kind.__init__).parameters for kind in (Client, AsyncClient))
    assert list(mine) == list(other)
    assert all(mine[name].default == other[name].default for name in mine if name != "sleep")
