"""HTTP requests to addresses that users name, without access to what only the operator's machines can reach.

OutboundPolicy      networks and hosts that the operator allows beside public addresses
GuardedClient       sends requests to permitted addresses; raises `RefusedUrl` or `BlockedAddress` for others
follow_redirects    sends a request and follows redirects, each checked like the first URL
read_url            checks the form of a URL
parse_retry_after   reads the Retry-After header
"""

from darkroom_outbound.addresses import Network, may_dial
from darkroom_outbound.client import GuardedClient
from darkroom_outbound.errors import BadRedirect, BlockedAddress, RefusedUrl
from darkroom_outbound.hosts import matches_host
from darkroom_outbound.policy import OutboundPolicy
from darkroom_outbound.redirects import follow_redirects
from darkroom_outbound.retry_after import parse_retry_after
from darkroom_outbound.urls import read_url

__all__ = [
    "BadRedirect",
    "BlockedAddress",
    "GuardedClient",
    "Network",
    "OutboundPolicy",
    "RefusedUrl",
    "follow_redirects",
    "matches_host",
    "may_dial",
    "parse_retry_after",
    "read_url",
]
