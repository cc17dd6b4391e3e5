from ipaddress import ip_network

import pytest
from webhook_dispatcher.domain.addresses import may_dial


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1",
        "2001:db8::1", "3fff::1", "100::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
        "5f00::1", "localhost", "", "2130706433", "0x7f.1", "127.1",
    ],
)  # fmt: skip
def test_nothing_but_a_public_address_is_dialled(address: str) -> None:
    assert not may_dial(address, ())


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_dialled(address: str) -> None:
    assert may_dial(address, ())


def test_an_allowed_network_is_dialled_in_either_notation() -> None:
    allowed = [ip_network("127.0.0.0/8")]
    assert may_dial("127.0.0.1", allowed)
    assert may_dial("::ffff:127.0.0.1", allowed)
    assert not may_dial("10.0.0.1", allowed)
