"""Bodies of webhooks: `{type, timestamp, data}`, as recommended by Standard Webhooks."""

from datetime import datetime
from typing import Any

from darkroom_schemas.base import Wire


class WebhookBody(Wire):
    """Body of a webhook. `timestamp` is the time of the event, not of its delivery."""

    type: str
    timestamp: datetime
    data: dict[str, Any]
