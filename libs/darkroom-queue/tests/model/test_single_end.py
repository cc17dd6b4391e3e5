"""Two reasons to end one step that meet in one script call."""

from darkroom_queue import EventLog, Producer, QueueClient, Sweeper
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.events import STEP_TERMINAL
from darkroom_schemas.step import ClaimedStep
from support.steps import make_step, make_worker


async def claimed(link: QueueClient) -> tuple[WorkerPort, ClaimedStep]:
    port = WorkerPort(link, make_worker(), lease_s=12.0)
    await port.register()
    await Producer(link).submit(make_step())
    [step] = (await port.turn(want=1)).claims
    return port, step


async def ends(link: QueueClient) -> list[str]:
    return [event.type for event in await EventLog(link).read(None) if event.type in STEP_TERMINAL]


async def test_a_report_that_comes_twice_in_one_turn_ends_the_step_once(link: QueueClient) -> None:
    port, step = await claimed(link)
    report = Finish(step.id, step.token, Outcome.OK)
    turn = await port.turn(want=0, finishes=[report, report])
    assert (turn.refused, await ends(link)) == ((), ["step.completed"])


async def test_a_lease_and_the_patience_with_a_cancel_that_end_together_end_the_step_once(link: QueueClient) -> None:
    _, step = await claimed(link)
    producer = Producer(link)
    await producer.cancel(step.id, reason="asked")
    for deadlines in ("lz", "cz"):
        await link.redis_py.zadd(f"{{darkroom-0}}:{deadlines}", {step.id: 1})
    await Sweeper(link).sweep()
    assert (await ends(link), (await producer.depth()).running) == (["step.cancelled"], 0)
