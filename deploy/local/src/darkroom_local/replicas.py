"""How many processes each service of a stack has."""

import re
from collections.abc import Mapping, Sequence

from darkroom_local.addresses import DISPATCHER, PLATFORM, QUEUE
from darkroom_local.errors import StackError

MAX_REPLICAS = 8
SERVICES = (PLATFORM.name, QUEUE.name, DISPATCHER.name)
_ONE = re.compile(r"([a-z-]+)=(\d{1,2})")


def read_replicas(text: str | None) -> Mapping[str, int]:
    """Return the numbers of `platform-api=2,queue-api=3`; raises StackError."""
    numbers: dict[str, int] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        found = _ONE.fullmatch(part.strip())
        if found is None or found[1] not in SERVICES or not 1 <= int(found[2]) <= MAX_REPLICAS:
            names = ", ".join(SERVICES)
            raise StackError(f"--replicas takes NAME=1 to NAME={MAX_REPLICAS}, for {names}; not {part.strip()[:60]!r}.")
        numbers[found[1]] = int(found[2])
    return numbers


def as_text(numbers: Mapping[str, int]) -> str:
    """Return the text that `read_replicas` reads."""
    return ",".join(f"{name}={number}" for name, number in numbers.items())


def named(name: str, count: int) -> Sequence[str]:
    """Return the names of a service's processes: with a number if there are several."""
    return [name] if count == 1 else [f"{name}-{number + 1}" for number in range(count)]
