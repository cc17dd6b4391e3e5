"""`doctor` on real servers: a healthy platform, and faults that it names with what to do."""

import asyncio
import sys
from pathlib import Path

import psycopg
from darkroom_chassis.doctor import Finding, Severity, examine
from platform_api.app import VERSION
from platform_api.commands.service_check import service_findings
from platform_api.migrations import MIGRATIONS
from platform_api.settings import Settings
from platform_api.wiring.checks import doctor_checks
from support.platform import Platform, StartPlatform, StartWorker
from support.waiting import until


async def wrong(settings: Settings) -> list[Finding]:
    """Return the findings that ask for something, without those about the test's own server and its lack of workers."""
    found = await examine(doctor_checks(settings, VERSION))
    expected = ("append-only file is off", "maxmemory is not set", "no worker is registered", "are free in")
    return [one for one in found if one.severity is not Severity.OK and not any(e in one.message for e in expected)]


async def test_a_healthy_platform_needs_nothing(platform: Platform) -> None:
    assert await wrong(platform.settings) == []
    found = await examine(doctor_checks(platform.settings, VERSION))
    assert {one.check for one in found} == {"settings", "postgresql", "schema", "redis", "objects", "workers"}


async def test_workers_are_listed_and_other_versions_are_named(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    [found] = [one for one in await examine(doctor_checks(platform.settings, "9.9.9")) if one.check == "workers"]
    assert (found.severity, "unlike 9.9.9 here" in found.message) == (Severity.WARNING, True)


async def test_a_schema_that_is_behind_names_the_command(platform: Platform) -> None:
    MIGRATIONS.downgrade(platform.settings.database_url.get_secret_value(), "-1")
    [found] = await wrong(platform.settings)
    assert (found.check, found.remedy) == ("schema", "Run `python -m platform_api migrate`.")


async def test_a_schema_of_a_later_release_is_a_warning(platform: Platform) -> None:
    with psycopg.connect(platform.settings.database_url.get_secret_value()) as connection:
        connection.execute("UPDATE platform.alembic_version SET version_num = 'later'")
    [found] = await wrong(platform.settings)
    assert (found.check, found.severity) == ("schema", Severity.WARNING)


async def test_an_object_store_that_refuses_writes_is_an_error(start_platform: StartPlatform, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    platform = await start_platform()
    settings = platform.settings.model_copy(update={"object_store_url": (tmp_path / "a-file" / "objects").as_uri()})
    [found] = await wrong(settings)
    assert (found.check, found.severity) == ("objects", Severity.ERROR)


async def test_settings_that_work_but_are_unsafe_are_found(platform: Platform) -> None:
    settings = platform.settings.model_copy(
        update={"public_url": "http://images.example.com", "signing_secret": platform.settings.jwt_secret}
    )
    assert [one.severity for one in await wrong(settings)] == [Severity.WARNING, Severity.ERROR]


async def test_services_are_asked_for_readiness_and_version(platform: Platform) -> None:

    async def finds(severity: Severity, url: str, version: str) -> bool:
        [found] = await service_findings({"a service": url}, version)
        return found.severity is severity

    await until(lambda: finds(Severity.OK, platform.url, VERSION), 30)
    await until(lambda: finds(Severity.WARNING, platform.url, "9.9.9"), 30)
    assert await finds(Severity.ERROR, "http://127.0.0.1:1", VERSION)


async def test_the_command_prints_the_findings_and_fails_on_an_error(platform: Platform) -> None:
    env = platform.environment() | {"REDIS_URL": "redis://127.0.0.1:1/0"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "platform_api", "doctor"), env=env, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 1
    assert output.startswith(b"ERROR")
    assert b"at the newest revision" in output
