"""The option --replicas."""

import pytest
from darkroom_local.addresses import choose_addresses
from darkroom_local.errors import StackError
from darkroom_local.replicas import as_text, named, read_replicas


def test_numbers_are_read_and_written() -> None:
    numbers = read_replicas(" platform-api=2, queue-api=3,webhook-dispatcher=1 ,")
    assert numbers == {"platform-api": 2, "queue-api": 3, "webhook-dispatcher": 1}
    assert read_replicas(as_text(numbers)) == numbers
    assert read_replicas(None) == read_replicas("") == {}


@pytest.mark.parametrize(
    "text", ["platform-api", "platform-api=0", "platform-api=9", "gpu-worker=2", "queue-api=-1", "x", "queue-api=two"]
)
def test_what_is_no_number_of_a_service_is_refused(text: str) -> None:
    with pytest.raises(StackError, match="platform-api, queue-api, webhook-dispatcher"):
        read_replicas(f"queue-api=2,{text}")


def test_each_replica_has_a_port_of_its_own_beside_that_of_the_service() -> None:
    addresses = choose_addresses({}, workers=1, free=True, replicas={"platform-api": 3, "queue-api": 1})
    assert [len(each) for each in addresses.replicas.values()] == [3]
    assert len(addresses.ports) == 5 + 3


def test_processes_are_numbered_if_there_are_several() -> None:
    assert named("queue-api", 1) == ["queue-api"]
    assert named("queue-api", 2) == ["queue-api-1", "queue-api-2"]
