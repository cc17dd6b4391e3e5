"""No form of a private address is reached: literal, by DNS, by a changed DNS answer, or by a redirect."""

from ipaddress import ip_network

import aiohttp
import pytest
from darkroom_outbound import BlockedAddress, GuardedClient, OutboundPolicy, RefusedUrl, follow_redirects, read_url
from support.address_forms import PRIVATE, UNUSUAL
from support.site import Answers, Site
from yarl import URL

LOOPBACK = OutboundPolicy(networks=(ip_network("127.0.0.1/32"),))
TIMEOUT = aiohttp.ClientTimeout(total=5)


def client(policy: OutboundPolicy = LOOPBACK, dns: dict[str, list[list[str]]] | None = None) -> GuardedClient:
    return GuardedClient(policy, timeout=TIMEOUT, dns_ttl_s=0, keep_alive=False, resolver=Answers(dns or {}))


def literal(address: str) -> str:
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


@pytest.mark.parametrize("address", [form for form in (*PRIVATE, *UNUSUAL) if not form.endswith("127.0.0.1")])
async def test_a_private_address_is_not_reached(address: str, site: Site) -> None:
    site.redirects["/"] = (302, literal(address))
    dns = {
        "name.example": [[address]],
        "mixed.example": [[address, "127.0.0.1"]],
        "rebound.example": [["127.0.0.1"], [address]],
    }
    async with client(dns=dns) as guarded:
        with pytest.raises((BlockedAddress, RefusedUrl)):
            async with guarded.request("GET", literal(address)):
                pass
        with pytest.raises(BlockedAddress):
            async with guarded.request("GET", site.url(host="name.example")):
                pass
        with pytest.raises((BlockedAddress, RefusedUrl)):
            async with follow_redirects(guarded, "GET", site.url(), headers={}):
                pass
        async with guarded.request("GET", site.url("/mixed", "mixed.example")) as answer:
            assert await answer.text() == "reached"
        async with guarded.request("GET", site.url("/first", "rebound.example")) as answer:
            assert await answer.text() == "reached"
        with pytest.raises(BlockedAddress):
            async with guarded.request("GET", site.url("/second", "rebound.example")):
                pass
    assert [path for _, path, _, _ in site.received] == ["/", "/mixed", "/first"]


async def test_sockets_are_guarded_where_the_url_was_not(site: Site) -> None:
    class FormOnly(OutboundPolicy):
        """Leaves addresses to the guard of sockets."""

        def check(self, url: str) -> URL:
            return read_url(url)

    async with client(FormOnly()) as guarded:
        with pytest.raises(BlockedAddress):
            async with guarded.request("GET", site.url()):
                pass
    assert site.received == []


async def test_an_allowed_host_is_reached_and_another_one_with_its_address_is_not(site: Site) -> None:
    dns = {"studio.lan": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
    async with client(OutboundPolicy(hosts=("*.lan",)), dns) as guarded:
        async with guarded.request("GET", site.url(host="studio.lan")) as answer:
            assert answer.status == 200
        with pytest.raises(BlockedAddress):
            async with guarded.request("GET", site.url(host="other.example")):
                pass


async def test_names_are_resolved_by_the_system(site: Site) -> None:
    async with GuardedClient(OutboundPolicy(), timeout=TIMEOUT) as guarded:
        with pytest.raises(BlockedAddress):
            async with guarded.request("GET", site.url(host="localhost")):
                pass
    async with (
        GuardedClient(LOOPBACK, timeout=TIMEOUT) as guarded,
        guarded.request("GET", site.url(host="localhost")) as answer,
    ):
        assert answer.status == 200


async def test_proxies_of_the_environment_and_cookies_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with client() as guarded:
        for _ in range(2):
            async with guarded.request("GET", site.url()) as answer:
                assert answer.status == 200
    assert all("Cookie" not in headers for _, _, headers, _ in site.received)
