"""The rules of a job whose last steps are a group: children that do not depend on each other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The children are the steps from number `first_child` on.

    As soon as `needed` of them have completed, the others are cancelled; None: all run to their end. At most
    `max_parallel` are in the queue at once; None: all.
    """

    first_child: int = 0
    needed: int | None = None
    max_parallel: int | None = None
