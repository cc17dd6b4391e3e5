"""Why we close a WebSocket."""

from enum import IntEnum


class Close(IntEnum):
    """RFC 6455 codes, and our own from 4000 on; 4000 itself is the protocol's, for pings that are not answered."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNSUPPORTED = 1003
    NO_CLOSE_FRAME = 1006
    POLICY = 1008
    INTERNAL = 1011
    TRY_AGAIN_LATER = 1013
    EXPIRED = 4001
    TOO_SLOW = 4008
