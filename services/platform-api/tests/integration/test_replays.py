"""`POST /api/assets/{id}/replay`: the asset's step again, for its seed or for the whole batch."""

from support.platform import Account, Platform, StartWorker

TYPE = "sdxl_image_fast"


RECIPE = """UPDATE platform.assets SET recipe = jsonb_build_object(
    'prompt', 'a lighthouse', 'seed', 41 + output_index, 'width', 8, 'height', 8, 'steps', 1, 'guidance_scale', 1,
    'sampler', 'Euler', 'model', '{"name": "m", "source": "s"}'::jsonb, 'batch_shape', '[6, 4, 1, 1]'::jsonb,
    'device', 'cpu', 'dtype', 'float32', 'threads', 1, 'libraries', '{}'::jsonb, 'profile', 'tiny')"""


async def drawn(platform: Platform, anna: Account) -> list[str]:
    """Draw with a fixed seed, with recipes as a real worker writes them, and return the ids of the assets in order."""
    body = {"jobType": TYPE, "metadata": {"prompt": "a lighthouse", "negative_prompt": "fog", "seed": 41}}
    job_id = (await anna.http.post("/api/queue-job", json=body)).json()["job"]["id"]
    await anna.finished(job_id)
    await platform.execute(RECIPE)
    return [asset["id"] for asset in (await anna.http.get(f"/api/assets?job_id={job_id}")).json()["assets"]]


async def steps_of(platform: Platform, job_id: str) -> list[tuple[object, ...]]:
    return await platform.rows("SELECT payload, price_mc, outputs FROM platform.steps WHERE job_id = %s", job_id)


async def test_an_asset_is_drawn_again_for_its_seed_alone(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    third = (await drawn(platform, anna))[2]
    before = await anna.credits()
    answer = (await anna.http.post(f"/api/assets/{third}/replay")).json()
    assert (answer["asset_id"], answer["index"]) == (third, 0)
    await anna.finished(answer["job_id"])
    replayed = "SELECT parameters ->> 'replay_of' FROM platform.jobs WHERE id = %s"
    assert await platform.rows(replayed, answer["job_id"]) == [(third,)]
    original = (await anna.http.get(f"/api/assets/{third}")).json()
    [(once, price, _)] = await steps_of(platform, original["job_id"])
    assert await steps_of(platform, answer["job_id"]) == [(dict(once) | {"seeds": [43]}, price, 1)]  # type: ignore[call-overload]
    assert before - await anna.credits() == price / 1000  # type: ignore[operator]


async def test_the_whole_batch_is_drawn_again_as_the_first_time(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    assets = await drawn(platform, anna)
    answer = (await anna.http.post(f"/api/assets/{assets[2]}/replay", json={"whole_batch": True})).json()
    assert answer["index"] == 2
    await anna.finished(answer["job_id"])
    original = (await anna.http.get(f"/api/assets/{assets[2]}")).json()
    assert await steps_of(platform, answer["job_id"]) == await steps_of(platform, original["job_id"])


async def test_a_repeated_replay_charges_once(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    [first, *_] = await drawn(platform, anna)
    headers = {"Idempotency-Key": "again"}
    path = f"/api/assets/{first}/replay"
    answers = [(await anna.http.post(path, headers=headers)).json() for _ in range(2)]
    assert answers[0]["job_id"] == answers[1]["job_id"]
    assert (await anna.http.post(path, headers=headers, json={"whole_batch": True})).status_code == 422


async def test_others_assets_and_wrong_bodies_are_refused(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    [first, *_] = await drawn(platform, anna)
    assert (await ben.http.post(f"/api/assets/{first}/replay")).status_code == 404
    refused = await anna.http.post(f"/api/assets/{first}/replay", json={"whole_batch": "yes"})
    assert refused.status_code == 400
    assert "whole_batch" in refused.text


async def test_an_asset_without_a_recipe_cannot_be_replayed(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    [first, *_] = await drawn(platform, anna)
    await platform.execute("UPDATE platform.assets SET recipe = NULL")
    refused = await anna.http.post(f"/api/assets/{first}/replay")
    assert refused.status_code == 409
    assert "cannot be replayed" in refused.json()["error"]
