"""What one user makes too large is that user's trouble: nobody else's jobs wait for it."""

from darkroom_queue import StepContext
from darkroom_schemas.step import StepResult
from support.emprops import collection, generate, generated, workflow
from support.platform import Platform, StartWorker

LONG = "é" * 60_000


async def test_template_cannot_be_filled_in_beyond_what_the_queue_takes(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    await start_worker()
    messages = [{"role": "user", "content": "{{x}}" * 9}]
    step = {"job_type": "ollama_chat", "payload": {"model": "m", "messages": messages}}
    await workflow(anna, "basic", {"steps": [step]})
    answer = await generate(anna, await collection(anna, workflow="mine"), variables={"x": LONG})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "variables")
    assert (await ben.finished((await ben.submit())["id"]))["status"] == "completed"


async def test_templates_of_all_steps_together_are_bounded(platform: Platform) -> None:
    anna = await platform.account("anna")
    step = {"job_type": "ollama_chat", "payload": {"model": "m", "messages": [{"role": "user", "content": "{{x}}"}]}}
    await workflow(anna, "basic", {"steps": [step] * 100})
    answer = await generate(anna, await collection(anna, workflow="mine"), variables={"x": "x" * 20_000})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "variables")


async def test_results_too_long_for_later_steps_end_the_job_and_no_other(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")

    async def talk(_: StepContext) -> StepResult:
        return StepResult(text="é" * 100_000)

    await start_worker(talk)
    payload = {"model": "m", "messages": [{"role": "user", "content": "{{steps.00.text}}" * 4}]}
    first = {"job_type": "openai_chat", "payload": {"model": "m", "messages": [{"role": "user", "content": "go"}]}}
    later = {"job_type": "openai_chat", "payload": payload, "needs": [0]}
    await workflow(anna, "basic", {"steps": [first, later, later]})
    job = await generated(anna, await collection(anna, workflow="mine"))
    assert job["status"] == "failed"
    assert "more than 1000000 bytes" in job["error_message"]
    assert (await ben.finished((await ben.submit("prompt_enhance", prompt="x"))["id"]))["status"] == "completed"
