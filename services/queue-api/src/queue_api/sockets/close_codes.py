"""Close codes of the WebSockets."""

from enum import IntEnum


class Close(IntEnum):
    """Codes of RFC 6455, and application codes from 4000. The HTTP server uses 4000 for unanswered pings."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNSUPPORTED = 1003
    NO_CLOSE_FRAME = 1006
    POLICY = 1008
    INTERNAL = 1011
    TRY_AGAIN_LATER = 1013
    EXPIRED = 4001
    UNKNOWN_GROUP = 4004
    TOO_SLOW = 4008
