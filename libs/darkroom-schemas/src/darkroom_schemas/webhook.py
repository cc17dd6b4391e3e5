"""Bodies of webhooks: `{type, timestamp, data}` as Standard Webhooks recommends."""

from datetime import datetime
from typing import Any

from darkroom_schemas.base import Wire


class WebhookBody(Wire):
    """What a receiver gets; `timestamp` is when the event happened, not when it was delivered."""

    type: str
    timestamp: datetime
    data: dict[str, Any]
