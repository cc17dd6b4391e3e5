"""What `doctor` concludes from the facts, and how it prints them."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from darkroom_chassis import doctor
from darkroom_chassis.doctor import Finding, Severity, clock, disk, error, examine, exit_code, ok, report, warning
from darkroom_chassis.redis_checks import redis_findings

MIB = 2**20


@dataclass(frozen=True)
class Facts:
    """A healthy server."""

    server: str = "Valkey 9.1.2"
    protocol_version: tuple[int, ...] = (7, 2, 4)
    eviction_policy: str = "noeviction"
    appends: bool = True
    last_write_failed: bool = False
    memory_bytes: int = 100 * MIB
    memory_limit_bytes: int = 2048 * MIB
    time_s: float = 0.0


def judged(facts: Facts) -> list[Finding]:
    """Return the findings that are not fine."""
    here = replace(facts, time_s=facts.time_s + time.time())
    return [finding for finding in redis_findings(here) if finding.severity is not Severity.OK]


def test_a_healthy_server_has_no_finding_that_asks_for_something() -> None:
    assert judged(Facts()) == []


@pytest.mark.parametrize(
    ("facts", "severity", "words"),
    [
        (Facts(server="Redis 6.2.1", protocol_version=(6, 2, 1)), Severity.ERROR, "older than Redis 7.0"),
        (Facts(eviction_policy="allkeys-lru"), Severity.ERROR, "would delete jobs"),
        (Facts(appends=False), Severity.WARNING, "append-only file is off"),
        (Facts(last_write_failed=True), Severity.ERROR, "last write"),
        (Facts(memory_limit_bytes=0), Severity.WARNING, "maxmemory is not set"),
        (Facts(memory_bytes=1700 * MIB), Severity.WARNING, "1700 MiB are used of 2048 MiB"),
        (Facts(memory_bytes=2000 * MIB), Severity.ERROR, "2000 MiB are used of 2048 MiB"),
        (Facts(time_s=60), Severity.ERROR, "60 s ahead of"),
        (Facts(time_s=-60), Severity.ERROR, "60 s behind"),
    ],
)
def test_a_fault_of_the_server_is_found_with_a_remedy(facts: Facts, severity: Severity, words: str) -> None:
    [found] = judged(facts)
    assert (found.severity, words in found.message) == (severity, True)
    assert found.remedy


async def test_a_check_that_raises_is_an_error_and_the_others_still_run() -> None:
    async def broken() -> list[Finding]:
        raise ConnectionError("connection refused\nwith details")

    async def fine() -> list[Finding]:
        return [ok("fine", "all is well")]

    found = await examine({"broken": broken, "fine": fine})
    assert [(one.check, one.severity, one.message) for one in found] == [
        ("broken", Severity.ERROR, "connection refused"),
        ("fine", Severity.OK, "all is well"),
    ]


def test_only_errors_fail_the_command() -> None:
    assert exit_code([ok("a", "b"), warning("a", "b", "c")]) == 0
    assert exit_code([ok("a", "b"), error("a", "b", "c")]) == 1


def test_the_worst_findings_come_first_with_what_to_do() -> None:
    found = [ok("a", "fine"), error("b", "down", "Start it."), warning("c", "old", "Upgrade it.")]
    assert report(found, as_json=False).splitlines() == [
        "ERROR   b: down",
        "        Start it.",
        "WARNING c: old",
        "        Upgrade it.",
        "OK      a: fine",
    ]
    assert [one["severity"] for one in json.loads(report(found, as_json=True))] == ["ok", "error", "warning"]


def test_small_differences_of_clocks_are_fine() -> None:
    assert clock("redis", 100.0, 101.0).severity is Severity.OK


def test_a_full_disk_is_found_and_other_stores_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK_BYTES", 0)
    assert disk("objects", tmp_path.as_uri())[0].severity is Severity.OK
    monkeypatch.setattr(doctor, "LOW_DISK_BYTES", 2**62)
    assert disk("objects", tmp_path.as_uri())[0].severity is Severity.ERROR
    assert disk("objects", "s3://bucket/objects") == []
