"""How long assets are kept: for ever, or by bucket a number of days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from darkroom_schemas.catalogue import CATALOGUE


@dataclass(frozen=True, slots=True)
class Expiry:
    """What steps of these job types, or of all others, made before that moment is not kept any longer."""

    created_before: datetime
    job_types: tuple[str, ...]
    others: bool


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by bucket, and for every other bucket; 0 is for ever."""

    days: float = 0
    by_bucket: Mapping[str, float] = field(default_factory=dict)

    def expired(self, now: datetime) -> list[Expiry]:
        """Say what is not kept any longer."""
        types_of: dict[str, list[str]] = {bucket: [] for bucket in self.by_bucket}
        for name, job_type in CATALOGUE.items():
            types_of.setdefault(job_type.bucket, []).append(name)
        own = [name for bucket in self.by_bucket for name in types_of[bucket]]
        expired = [
            Expiry(now - timedelta(days=days), tuple(types_of[bucket]), others=False)
            for bucket, days in self.by_bucket.items()
            if days and types_of[bucket]
        ]
        if self.days:
            expired.append(Expiry(now - timedelta(days=self.days), tuple(own), others=True))
        return expired
