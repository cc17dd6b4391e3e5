"""A miniature in place of the service, for tests of the supervisor."""

import sys

from miniature import run

run("PLATFORM_LOOPS" if sys.argv[1:] == ["loops"] else "PLATFORM_API")
