"""What the clients of a platform run order, drawn whole from its seed, and what became of it by the answers."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Course(StrEnum):
    """What the worker makes of an order; it reads the word in the prompt."""

    WORKS = "works"
    PART = "part"
    """One output less than ordered; without any the job fails."""
    STUMBLES = "stumbles"
    """The first attempt of each step fails, and is repeated by the queue."""
    FAILS_ONCE = "fails-once"
    """The first run fails."""
    FAILS = "fails"


class Route(StrEnum):
    """The dialect that an order is given in."""

    OURVIDZ = "ourvidz"
    STABLEQUEUE = "stablequeue"
    EMPROPS = "emprops"


OURVIDZ_TYPES = ("sdxl_image_fast", "image_fast", "image7b_fast_enhanced")


@dataclass
class Order:
    """One order. Its marker is in the prompt, so the order of every job in the database is known."""

    number: int
    route: Route
    job_type: str
    course: Course
    is_keyed: bool
    is_followed: bool
    is_cancelled: bool
    is_retried: bool
    job_id: str | None = None
    """As answered; None if no answer came, which only an order without a key may leave at that."""
    was_cancelled: bool = False
    retries: int = 0

    @property
    def marker(self) -> str:
        return f"order-{self.number}-"

    @property
    def prompt(self) -> str:
        return f"{self.marker} {self.course}"

    @property
    def key(self) -> str:
        return f"order-{self.number}"


def draw_orders(count: int, seed: int) -> list[Order]:
    draw = random.Random(seed)  # noqa: S311 - reproducible
    routes = [Route.OURVIDZ, Route.OURVIDZ, Route.STABLEQUEUE, Route.EMPROPS]
    courses = [Course.WORKS] * 5 + [Course.PART, Course.STUMBLES, Course.FAILS_ONCE, Course.FAILS_ONCE, Course.FAILS]
    return [
        Order(
            number=number,
            route=draw.choice(routes),
            job_type=draw.choice(OURVIDZ_TYPES),
            course=draw.choice(courses),
            is_keyed=draw.random() < 0.8,
            is_followed=draw.random() < 0.4,
            is_cancelled=draw.random() < 0.15,
            is_retried=draw.random() < 0.5,
        )
        for number in range(count)
    ]
