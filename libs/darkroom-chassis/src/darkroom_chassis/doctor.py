"""`doctor`: checks what a service depends on, and says what to do about each finding."""

import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

GIB = 1024**3
LOW_DISK_BYTES = 5 * GIB
MAX_CLOCK_DIFFERENCE_S = 2.0


class Severity(StrEnum):
    """What a finding means for users."""

    OK = "ok"
    WARNING = "warning"
    """It works now, and can fail or lose data later."""
    ERROR = "error"
    """Users notice it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `remedy` is what to do, in one sentence; empty if nothing is to be done."""

    check: str
    severity: Severity
    message: str
    remedy: str = ""


Check = Callable[[], Awaitable[list[Finding]]]


def ok(check: str, message: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(check, Severity.OK, message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """Return a finding about what can fail later."""
    return Finding(check, Severity.WARNING, message, remedy)


def error(check: str, message: str, remedy: str) -> Finding:
    """Return a finding about what fails now."""
    return Finding(check, Severity.ERROR, message, remedy)


async def examine(checks: Mapping[str, Check]) -> list[Finding]:
    """Run the checks in order. One that raises is an error under its name."""
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found += await check()
        except Exception as problem:  # noqa: BLE001 - every problem of a check is a finding
            text = str(problem).strip().partition("\n")[0] or type(problem).__name__
            found.append(error(name, text, f"See the entry ServiceDown of docs/runbook.md, and the log, for {name}."))
    return found


def clock(check: str, server_s: float, here_s: float) -> Finding:
    """Compare the clock of a server with this machine's, both in seconds since 1970."""
    difference_s = server_s - here_s
    if abs(difference_s) <= MAX_CLOCK_DIFFERENCE_S:
        return ok(check, f"the clocks differ by {abs(difference_s):.1f} s")
    direction = "ahead of" if difference_s > 0 else "behind"
    return error(
        check,
        f"the server's clock is {abs(difference_s):.0f} s {direction} this machine's",
        "Synchronize the clocks of all machines (chrony or systemd-timesyncd): tokens and leases depend on them.",
    )


def disk(check: str, object_store_url: str) -> list[Finding]:
    """Check the free space of an object store that is a folder; other stores have no findings."""
    parts = urlsplit(object_store_url)
    if parts.scheme != "file":
        return []
    folder = Path(url2pathname(parts.path))
    free_bytes = shutil.disk_usage(folder).free
    message = f"{free_bytes / GIB:.1f} GiB are free in {folder}"
    if free_bytes >= LOW_DISK_BYTES:
        return [ok(check, message)]
    return [error(check, message, "Free or add disk space, or set ASSET_RETENTION_DAYS to delete old outputs.")]


def report(findings: list[Finding], *, as_json: bool) -> str:
    """Return the findings as text for people, the worst first, or as a JSON array."""
    if as_json:
        return json.dumps([asdict(finding) for finding in findings], indent=2)
    order = [Severity.ERROR, Severity.WARNING, Severity.OK]
    lines = []
    for finding in sorted(findings, key=lambda one: order.index(one.severity)):
        lines.append(f"{finding.severity.upper():8}{finding.check}: {finding.message}")
        if finding.remedy:
            lines.append(f"{'':8}{finding.remedy}")
    return "\n".join(lines)


def exit_code(findings: list[Finding]) -> int:
    """Return 1 if there is an error, else 0."""
    return int(any(finding.severity is Severity.ERROR for finding in findings))
