"""Several assets as one ZIP file: named by their prompts, complete, and of their owner only."""

import io
import zipfile
from typing import Any

import pytest
from darkroom_queue import Handler, StepContext
from darkroom_schemas.ids import AssetId
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.step import StepResult
from platform_api.clients.objects import StoredObjects
from platform_api.clients.zip_archives import ZipArchives
from platform_api.domain.assets.archive import Entry, missing
from support.platform import Account, Platform, StartPlatform, StartWorker

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"
PATH = "/api/assets/archive"


async def six_assets(account: Account) -> list[dict[str, Any]]:
    job_id = (await account.submit("sdxl_image_fast", prompt="Ein Schloß/../am Meer & mehr"))["id"]
    await account.finished(job_id)
    return list((await account.http.get("/api/assets", params={"job_id": job_id})).json()["assets"])


async def test_archive_has_every_asset_under_the_name_of_its_prompt(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    async def with_recipe(context: StepContext) -> StepResult:
        result = await produce(context)
        recipe = BackendRecipe(backend="test", backend_type="comfyui", prompt=context.step.payload["prompt"])
        first, *others = result.outputs
        return result.model_copy(update={"outputs": (first.model_copy(update={"recipe": recipe}), *others)})

    await start_worker(with_recipe)
    anna, ben = await platform.account("anna"), await platform.account("ben")
    assets = await six_assets(anna)
    ids = [asset["id"] for asset in assets]
    answer = await anna.http.post(PATH, json={"ids": [ids[0].upper(), *ids]})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"ein-schloß-am-meer-mehr-{ids[0]}.png", *(f"{id_}.png" for id_ in ids[1:])]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        for asset, name in zip(assets, archive.namelist(), strict=True):
            assert archive.read(name) == (await anna.http.get(asset["content_path"])).content
    refused = await ben.http.post(PATH, json={"ids": ids})
    assert (refused.status_code, refused.json()["missing"]) == (404, ids)


async def test_assets_that_are_gone_are_named_before_anything_is_sent(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    ids = [asset["id"] for asset in await six_assets(anna)]
    await anna.http.delete(f"/api/assets/{ids[1]}")
    answer = await anna.http.post(PATH, json={"ids": [*ids[:2], SOME_ID]})
    assert (answer.status_code, answer.json()["missing"]) == (404, [ids[1], SOME_ID])
    [(key,)] = await platform.rows("SELECT object_key FROM platform.assets WHERE id = %s", ids[2])
    (platform.objects / key).write_bytes(b"cut short")
    answer = await anna.http.post(PATH, json={"ids": ids[2:]})
    assert (answer.status_code, answer.json()["missing"]) == (404, [ids[2]])


async def test_total_size_is_limited(start_platform: StartPlatform, start_worker: StartWorker) -> None:
    platform = await start_platform(archive_max_bytes=3000)
    await start_worker()
    anna = await platform.account("anna")
    ids = [asset["id"] for asset in await six_assets(anna)]
    assert (await anna.http.post(PATH, json={"ids": ids[:2]})).status_code == 200
    answer = await anna.http.post(PATH, json={"ids": ids[:3]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "ids")


@pytest.mark.parametrize("ids", [[], [SOME_ID] * 201, ["x"], "all"])
async def test_list_that_makes_no_sense_is_a_400(platform: Platform, ids: object) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.post(PATH, json={"ids": ids})
    assert (answer.status_code, answer.json()["errors"][0]["field"].partition(".")[0]) == (400, "ids")


async def test_only_a_part_of_one_object_is_in_memory(platform: Platform) -> None:
    size = 40_000_000
    platform.objects.mkdir(exist_ok=True)
    (platform.objects / "large").write_bytes(bytes(size))
    archives = ZipArchives(platform.settings.object_store_url)
    entries = [Entry(f"{number}.png", "large", size) for number in range(3)]
    stored = StoredObjects(platform.settings.object_store_url)
    whole, cut, none = (AssetId(name) for name in ("whole", "cut", "none"))
    assert await missing({whole: entries[0]}, stored) == []
    different = {whole: entries[0], cut: Entry("x", "large", 1), none: Entry("y", "none", size)}
    assert await missing(different, stored) == [cut, none]
    archive = archives.archive(entries)
    lengths = [len(chunk) for chunk in archive.chunks()]
    assert sum(lengths) == archive.size_bytes > 3 * size
    assert max(lengths) < 10_000_000
