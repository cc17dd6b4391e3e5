import pytest
from darkroom_outbound import BlockedAddress, OutboundPolicy, RefusedUrl, matches_host, read_url
from support.address_forms import PRIVATE, PUBLIC, UNUSUAL


def in_url(address: str) -> str:
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


@pytest.mark.parametrize("address", PRIVATE)
def test_a_literal_private_address_is_blocked(address: str) -> None:
    with pytest.raises(BlockedAddress):
        OutboundPolicy().check(in_url(address))


@pytest.mark.parametrize("address", UNUSUAL)
def test_an_address_in_an_unusual_notation_is_refused(address: str) -> None:
    with pytest.raises(RefusedUrl, match=r"notation|interface|valid URL"):
        OutboundPolicy().check(in_url(address))


@pytest.mark.parametrize("host", ["１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①", "LOCALHOST.:80@127.0.0.1"])
def test_an_address_in_disguise_is_refused(host: str) -> None:
    with pytest.raises((BlockedAddress, RefusedUrl)):
        OutboundPolicy().check(f"http://{host}/")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_literal_public_address_passes(address: str) -> None:
    assert OutboundPolicy().check(in_url(address)).raw_host is not None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/", "http://"),
        ("//example.com/", "http://"),
        ("example.com", "http://"),
        ("http:///path", "host|valid URL"),
        ("http://user@example.com/", "user name"),
        ("http://user:password@example.com/", "user name"),
        ("http://:password@example.com/", "user name"),
        ("http://example.com\\@127.0.0.1/", "backslash"),
        ("http://example.com /", "spaces"),
        ("http://exa\tmple.com/", "control"),
        ("http://example.com:25/", "port 25"),
        ("http://example.com:0/", "port 0"),
        ("http://example.com:99999/", "valid URL"),
        ("http://127%2e0%2e0%2e1/", "valid"),
        ("http://a..b/", "valid"),
        (f"http://{'a' * 64}.example.com/", "valid"),
        (f"http://{'a.' * 130}com/", "valid"),
        ("http://ab\ud800.com/", "valid"),
        ("http://[::1/", "valid URL"),
        (f"http://example.com/{'x' * 4000}", "at most 4000"),
    ],
)
def test_a_url_of_another_kind_is_refused_with_what_it_must_be(url: str, reason: str) -> None:
    with pytest.raises(RefusedUrl, match=reason):
        read_url(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com/a?b=c", "example.com"),
        ("HTTPS://Example.COM:8443", "example.com"),
        ("http://my_service:8080/", "my_service"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://example.com./", "example.com."),
    ],
)
def test_a_url_keeps_its_host_in_ascii(url: str, host: str) -> None:
    assert read_url(url).raw_host == host


@pytest.mark.parametrize(
    ("host", "pattern", "matches"),
    [
        ("api.example.com", "api.example.com", True),
        ("API.example.com.", "api.example.com", True),
        ("api.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("notexample.com", "*.example.com", False),
        ("api.example.com.evil.com", "api.example.com", False),
        ("example.com", "", False),
    ],
)
def test_a_host_matches_a_pattern(host: str, pattern: str, matches: bool) -> None:
    assert matches_host(host, [pattern]) is matches


def test_a_literal_address_passes_if_its_host_or_network_is_allowed() -> None:
    assert OutboundPolicy(hosts=("10.0.0.1",)).check("http://10.0.0.1/").raw_host == "10.0.0.1"
    with pytest.raises(BlockedAddress):
        OutboundPolicy(hosts=("10.0.0.1",)).check("http://10.0.0.2/")
