"""Retention of assets: unlimited, or a number of days per bucket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from darkroom_schemas.catalogue import CATALOGUE


@dataclass(frozen=True, slots=True)
class Retention:
    """Days per bucket, and the default for other buckets; 0 means unlimited."""

    days: float = 0
    by_bucket: Mapping[str, float] = field(default_factory=dict)

    def kept_since(self, step_type: str, now: datetime) -> datetime | None:
        """Return the creation time before which assets of that step type expire; None if they do not expire."""
        known = CATALOGUE.get(step_type)
        days = self.by_bucket.get(known.bucket if known else step_type, self.days)
        return now - timedelta(days=days) if days else None
