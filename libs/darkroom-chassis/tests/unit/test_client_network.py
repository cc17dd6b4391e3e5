import pytest
from darkroom_chassis.client_network import client_network
from starlette.requests import HTTPConnection


@pytest.mark.parametrize(
    ("client", "network"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("::ffff:203.0.113.9", 1), "203.0.113.9"),
        (("testclient", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_addresses_of_one_customer_are_one_network(client: tuple[str, int] | None, network: str) -> None:
    assert client_network(HTTPConnection({"type": "http", "headers": [], "client": client})) == network
