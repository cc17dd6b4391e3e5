"""How long assets are kept: for ever, or by bucket a number of days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from darkroom_schemas.catalogue import CATALOGUE


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by bucket, and for every other bucket; 0 is for ever."""

    days: float = 0
    by_bucket: Mapping[str, float] = field(default_factory=dict)

    def kept_since(self, step_type: str, now: datetime) -> datetime | None:
        """Return the creation of the oldest thing made by such a step that is still kept; None if all are."""
        known = CATALOGUE.get(step_type)
        days = self.by_bucket.get(known.bucket, self.days) if known else self.days
        return now - timedelta(days=days) if days else None
