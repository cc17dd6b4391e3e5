from ipaddress import ip_network

import aiohttp
import pytest
from darkroom_outbound import BadRedirect, GuardedClient, OutboundPolicy, RefusedUrl, follow_redirects
from support.site import Answers, Site

POLICY = OutboundPolicy(networks=(ip_network("127.0.0.1/32"),))
HEADERS = {"Authorization": "Bearer x", "X-Api-Key": "y", "Accept": "text/plain", "Content-Type": "text/plain"}


def client() -> GuardedClient:
    answers = Answers({"a.example": [["127.0.0.1"]], "b.example": [["127.0.0.1"]]})
    return GuardedClient(POLICY, timeout=aiohttp.ClientTimeout(total=5), resolver=answers)


async def sent(site: Site, method: str, url: str) -> tuple[str, str, dict[str, str], bytes]:
    """Return the last request of a chain."""
    async with client() as guarded, follow_redirects(guarded, method, url, headers=HEADERS, data=b"body") as answer:
        assert await answer.text() in {"reached", ""}
    return site.received[-1]


async def test_credentials_stay_with_the_same_origin(site: Site) -> None:
    site.redirects["/start"] = (307, "/end")
    _, path, headers, body = await sent(site, "POST", site.url("/start"))
    assert (path, headers["Authorization"], headers["X-Api-Key"], body) == ("/end", "Bearer x", "y", b"body")


async def test_credentials_are_dropped_for_another_origin_and_do_not_come_back(site: Site) -> None:
    site.redirects["/start"] = (307, site.url("/middle", "b.example"))
    site.redirects["/middle"] = (307, site.url("/end", "a.example"))
    _, path, headers, _ = await sent(site, "POST", site.url("/start", "a.example"))
    assert path == "/end"
    assert not {"Authorization", "X-Api-Key"} & headers.keys()
    assert headers["Accept"] == "text/plain"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (303, "PUT", "GET"), (303, "HEAD", "HEAD"),
     (302, "PUT", "PUT"), (307, "POST", "POST"), (308, "DELETE", "DELETE")],
)  # fmt: skip
async def test_the_method_changes_as_the_standard_says(site: Site, status: int, method: str, then: str) -> None:
    site.redirects["/start"] = (status, "/end")
    received, _, headers, body = await sent(site, method, site.url("/start"))
    assert received == then
    assert body == (b"" if then == "GET" else b"body")
    assert ("Content-Type" in headers) == (then != "GET")


async def test_a_loop_ends(site: Site) -> None:
    site.redirects["/start"] = (302, "/start")
    with pytest.raises(BadRedirect, match="more than 5"):
        await sent(site, "GET", site.url("/start"))
    assert len(site.received) == 6


@pytest.mark.parametrize(
    ("target", "error"),
    [("", BadRedirect), ("http://[bad", BadRedirect), ("ftp://a.example/", RefusedUrl),
     ("http://user:pw@a.example/", RefusedUrl), ("http://a.example:25/", RefusedUrl)],
)  # fmt: skip
async def test_a_target_that_is_none_is_refused(site: Site, target: str, error: type[Exception]) -> None:
    site.redirects["/start"] = (302, target)
    with pytest.raises(error):
        await sent(site, "GET", site.url("/start"))
