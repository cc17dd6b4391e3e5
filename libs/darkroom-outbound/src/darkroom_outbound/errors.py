"""Reasons for which a request is not sent.

RefusedUrl       the URL is malformed, or of a kind that is never requested
BlockedAddress   the address is not public, and the operator does not allow it
BadRedirect      an answer redirects to nowhere, or too often
"""


class RefusedUrl(ValueError):
    """The URL is not one to send requests to. The text says what it must be, without the URL."""


class BlockedAddress(OSError):
    """Requests must not be sent to this address. An OSError, because it is raised where sockets are opened."""

    def __init__(self) -> None:
        super().__init__("the address is not public, and the operator does not allow it")


class BadRedirect(Exception):
    """A redirect cannot be followed. The text says why, without the URL."""
