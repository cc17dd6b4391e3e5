from ipaddress import ip_network

import pytest
from darkroom_outbound import may_dial
from support.address_forms import PRIVATE, PUBLIC, UNUSUAL


@pytest.mark.parametrize("address", [*PRIVATE, *UNUSUAL, "localhost", "", "2606:4700::1111%eth0"])
def test_nothing_but_a_public_address_is_dialled(address: str) -> None:
    assert not may_dial(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_dialled(address: str) -> None:
    assert may_dial(address)


def test_an_allowed_network_is_dialled_in_either_notation() -> None:
    allowed = [ip_network("127.0.0.0/8")]
    assert may_dial("127.0.0.1", allowed)
    assert may_dial("::ffff:127.0.0.1", allowed)
    assert not may_dial("10.0.0.1", allowed)
    assert not may_dial("::1", allowed)
