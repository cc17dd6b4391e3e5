"""A miniature in place of the service, for tests of the supervisor."""

from miniature import run

run("QUEUE_API")
