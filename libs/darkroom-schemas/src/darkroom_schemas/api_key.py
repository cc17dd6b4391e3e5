"""What the platform tells the other services about an API key."""

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import UserId


class PublishedKey(Wire):
    """A key's owner and the SHA-256 of its text (hex). `user_id` is set for keys of kind `user` only."""

    id: str
    kind: str
    user_id: UserId | None = None
    sha256: str
    revoked: bool = False
