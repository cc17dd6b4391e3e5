"""What the operator allows beside public addresses."""

from dataclasses import dataclass

from yarl import URL

from darkroom_outbound.addresses import Network, may_dial
from darkroom_outbound.errors import BlockedAddress
from darkroom_outbound.hosts import matches_host
from darkroom_outbound.urls import MAX_URL_CHARS, read_url


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """Networks whose addresses are permitted, and hosts whose addresses are not checked; see `matches_host`."""

    networks: tuple[Network, ...] = ()
    hosts: tuple[str, ...] = ()
    max_url_chars: int = MAX_URL_CHARS

    def check(self, url: str) -> URL:
        """Return a URL that may be requested. Raises RefusedUrl, or BlockedAddress for a literal address."""
        checked = read_url(url, max_chars=self.max_url_chars)
        host = checked.raw_host or ""
        if _is_literal(host) and not self.trusts(host) and not may_dial(host, self.networks):
            raise BlockedAddress
        return checked

    def trusts(self, host: str) -> bool:
        """Whether the operator allows this host, whatever its addresses are."""
        return matches_host(host, self.hosts)


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
