"""Why we close a WebSocket."""

from enum import IntEnum


class Close(IntEnum):
    """RFC 6455 codes, and our own from 4000 on."""

    NORMAL = 1000
    GOING_AWAY = 1001
    POLICY = 1008
    TRY_AGAIN_LATER = 1013
    TOO_SLOW = 4008
