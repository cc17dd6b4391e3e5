"""Entries of the event log that cannot be read hold up no job and no stream."""

from darkroom_queue import QueueClient
from support.platform import StartPlatform, StartWorker
from support.unreadable import add_unreadable, unreadable_entries
from support.waiting import until

READERS = ("event-consumer", "fanout-events")


async def test_entries_that_cannot_be_read_are_passed_by_and_counted(
    start_platform: StartPlatform, start_worker: StartWorker, redis_url: str
) -> None:
    platform = await start_platform()
    anna = await platform.account("anna")
    link = await QueueClient.open(redis_url)
    before = [await unreadable_entries(anna.http, loop) for loop in READERS]
    await anna.submit("prompt_enhance")
    await add_unreadable(link)
    job = (await anna.submit("prompt_enhance"))["id"]
    await start_worker()
    assert (await anna.finished(job))["status"] == "completed"
    await add_unreadable(link)

    async def counted() -> bool:
        after = [await unreadable_entries(anna.http, loop) for loop in READERS]
        return after == [number + 4 for number in before]

    await until(counted)
    assert (await anna.http.get("/readyz")).status_code == 200
    await link.close()
