"""Images of users: uploaded, listed, read by jobs, and removed."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from darkroom_chassis.database import Database
from darkroom_queue import StepContext
from darkroom_schemas.step import StepOutput, StepResult
from PIL import Image
from platform_api.clients.objects import StoredObjects
from platform_api.store.assets.object_deletions import PostgresObjectDeletions
from support.emprops import collection, generate, generated, workflow
from support.platform import Account, Platform, StartPlatform, StartWorker

GRAPH = {"1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}}}
OTHER = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind, **options)
    return file.getvalue()


def objects(platform: Platform) -> set[str]:
    return {str(path.relative_to(platform.objects)) for path in platform.objects.rglob("*") if path.is_file()}


async def upload(account: Account, content: bytes, **headers: str) -> dict[str, Any]:
    answer = await account.http.post("/api/uploads", content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def comfy(account: Account, inputs: Any) -> str:
    """Save a collection of a ComfyUI graph with these input files."""
    steps = [{"job_type": "comfyui", "payload": {"workflow": GRAPH, "inputs": inputs}}]
    await workflow(account, "basic", {"steps": steps})
    return await collection(account, workflow="mine")


@pytest.mark.parametrize(("kind", "mime_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
async def test_an_image_becomes_an_asset(platform: Platform, kind: str, mime_type: str) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    content = picture(kind)
    asset = await upload(anna, content, **{"Content-Type": "text/plain"})
    assert asset["job_id"] is None
    assert (asset["job_type"], asset["mime_type"], asset["width"], asset["height"]) == ("upload", mime_type, 40, 20)
    assert asset["sha256"] == hashlib.sha256(content).hexdigest()
    assert (await anna.http.get(platform.local(asset["url"]))).content == content
    thumbnail = await anna.http.get(platform.local(asset["thumbnail_url"]))
    assert Image.open(io.BytesIO(thumbnail.content)).format == "WEBP"
    listed = (await anna.http.get("/api/assets", params={"job_type": "upload"})).json()
    assert [item["id"] for item in listed["assets"]] == [asset["id"]]
    assert (await anna.http.get("/api/assets")).json()["total"] == 1
    assert (await ben.http.get(f"/api/assets/{asset['id']}")).status_code == 404
    assert (await anna.http.post(f"/api/assets/{asset['id']}/replay")).status_code == 409


async def test_a_picture_taken_on_its_side_is_measured_upright(platform: Platform) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    asset = await upload(await platform.account("anna"), picture("JPEG", exif=exif))
    assert (asset["width"], asset["height"]) == (20, 40)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no image of the types image/png, image/jpeg, image/webp"),
        (b"<html>not found</html>", "is no image of the types"),
        (picture("GIF"), "is no image of the types"),
        (picture()[:60], "cannot be decoded"),
        (picture("PNG", (8001, 8000)), "has 8001 x 8000 pixels, more than 64,000,000"),
    ],
)
async def test_what_is_no_image_is_refused_and_leaves_nothing(platform: Platform, content: bytes, reason: str) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.post("/api/uploads", content=content)
    assert answer.status_code == 400
    (problem,) = answer.json()["errors"]
    assert problem["field"] == "body"
    assert reason in problem["message"]
    assert objects(platform) == set()


async def test_a_large_body_is_refused_by_its_length(platform: Platform) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.post("/api/uploads", content=b"x" * 50_000_001)
    assert answer.status_code == 413
    anonymous = await anna.http.post("/api/uploads", content=picture(), headers={"Authorization": ""})
    assert anonymous.status_code == 401


async def test_a_repeated_upload_is_stored_once(platform: Platform) -> None:
    anna = await platform.account("anna")
    first = await upload(anna, picture(), **{"Idempotency-Key": "photo"})
    again = await anna.http.post("/api/uploads", content=picture(), headers={"Idempotency-Key": "photo"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["id"] == first["id"]
    other = await anna.http.post("/api/uploads", content=picture("JPEG"), headers={"Idempotency-Key": "photo"})
    assert other.status_code == 422
    assert (await anna.http.get("/api/assets")).json()["total"] == 1


async def test_objects_without_a_row_are_deleted_an_hour_later(platform: Platform) -> None:
    anna = await platform.account("anna")
    asset = await upload(anna, picture(), **{"Idempotency-Key": "photo"})
    await anna.http.post("/api/uploads", content=picture(), headers={"Idempotency-Key": "photo"})
    assert len(objects(platform)) == 4
    await platform.execute("UPDATE platform.doomed_objects SET due_at = now()")
    database = Database(platform.database_url, application="test", pool_size=1)
    async with PostgresObjectDeletions(database).batch(10) as keys:
        await StoredObjects(platform.settings.object_store_url).delete(keys)
    await database.close()
    assert len(keys) == 2
    assert {Path(name).name.split(".")[0] for name in objects(platform)} == {asset["id"]}


async def test_a_user_has_a_limited_number_of_uploads(start_platform: StartPlatform) -> None:
    platform = await start_platform(uploads_per_user=1)
    anna, ben = await platform.account("anna"), await platform.account("ben")
    asset = await upload(anna, picture())
    answer = await anna.http.post("/api/uploads", content=picture())
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_limit")
    await upload(ben, picture())
    assert (await anna.http.delete(f"/api/assets/{asset['id']}")).status_code == 200
    await upload(anna, picture())
    assert (await anna.http.get("/api/assets")).json()["total"] == 1


async def test_a_job_reads_an_upload_and_the_output_of_an_earlier_step(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    asset = await upload(anna, picture())
    received: list[dict[str, Any]] = []

    async def draw(context: StepContext) -> StepResult:
        received.append(context.step.payload["inputs"])
        output = StepOutput(
            key=f"{context.step.job_id}/1/{len(received)}.png", index=0, mime_type="image/png", size_bytes=7, sha256="0"
        )
        return StepResult(outputs=(output,))

    await start_worker(draw)
    first = {"job_type": "comfyui", "payload": {"workflow": GRAPH, "inputs": {"photo.png": {"asset_id": "{{photo}}"}}}}
    second = {
        "job_type": "comfyui",
        "payload": {"workflow": GRAPH, "inputs": {"photo.png": "{{steps.00.outputs.0.file}}"}},
    }
    await workflow(anna, "basic", {"steps": [first, second]})
    mine = await collection(anna, workflow="mine")
    done = await generated(anna, mine, variables={"photo": asset["id"].upper()})
    (uploaded,), (made,) = ([*inputs.values()] for inputs in received)
    assert uploaded["sha256"] == asset["sha256"]
    assert (platform.objects / uploaded["key"]).read_bytes() == picture()
    assert made["key"] == f"{done['id']}/1/1.png"
    assert made["size_bytes"] == 7


@pytest.mark.parametrize(
    ("inputs", "field", "reason"),
    [
        ({"photo.png": {"asset_id": OTHER}}, "steps.0.payload.inputs.photo.png", f"there is no asset {OTHER}"),
        ({"photo.png": {"asset_id": "x"}}, "steps.0.payload.inputs.photo.png", "must be"),
        ({"photo.png": {"key": "a/b", "mime_type": "image/png", "size_bytes": 1}}, "inputs.photo.png", "must be"),
        ({"../photo.png": {"asset_id": OTHER}}, "inputs", "no plain file name"),
        ({f"{n}.png": {"asset_id": OTHER} for n in range(17)}, "inputs", "at most 16 files"),
        ([], "inputs", "must be an object of files by name"),
    ],
)
async def test_an_input_that_is_no_asset_of_the_user_is_refused(
    platform: Platform, inputs: Any, field: str, reason: str
) -> None:
    anna = await platform.account("anna")
    answer = await generate(anna, await comfy(anna, inputs))
    assert answer.status_code == 400, answer.text
    (problem,) = answer.json()["errors"]
    assert problem["field"].endswith(field)
    assert reason in problem["message"]
    assert await anna.credits() == 100.0


async def test_an_asset_of_another_user_is_no_input(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    asset = await upload(ben, picture())
    answer = await generate(anna, await comfy(anna, {"photo.png": {"asset_id": asset["id"]}}))
    assert answer.status_code == 400
    assert "there is no asset" in answer.json()["errors"][0]["message"]


async def test_sdxl_draws_from_an_upload_and_from_the_output_of_an_earlier_step(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    asset = await upload(anna, picture())
    received: list[dict[str, Any]] = []

    async def draw(context: StepContext) -> StepResult:
        received.append(context.step.payload)
        output = StepOutput(
            key=f"{context.step.job_id}/1/{len(received)}.png", index=0, mime_type="image/png", size_bytes=7, sha256="0"
        )
        return StepResult(outputs=(output,))

    await start_worker(draw)
    first = {"prompt": "a boat", "init_image": {"asset_id": "{{photo}}"}, "denoising_strength": 0.4}
    second = {"prompt": "a ship", "init_image": "{{steps.00.outputs.0.file}}", "mask_image": {"asset_id": "{{photo}}"}}
    steps = [{"job_type": "sdxl_image_fast", "payload": payload} for payload in (first, second)]
    await workflow(anna, "basic", {"steps": steps})
    done = await generated(anna, await collection(anna, workflow="mine"), variables={"photo": asset["id"]})
    from_upload, from_step = received
    assert from_upload["init_image"]["sha256"] == from_step["mask_image"]["sha256"] == asset["sha256"]
    assert from_upload["denoising_strength"] == 0.4
    assert from_step["init_image"]["key"] == f"{done['id']}/1/1.png"


async def test_a_job_draws_from_an_asset_of_its_user_only(platform: Platform, start_worker: StartWorker) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    asset = await upload(anna, picture())
    received: list[dict[str, Any]] = []

    async def draw(context: StepContext) -> StepResult:
        received.append(context.step.payload)
        return StepResult()

    await start_worker(draw)
    image = {"init_image": {"asset_id": asset["id"].upper()}, "denoising_strength": 0.2}
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", **image}}
    refused = await ben.http.post("/api/queue-job", json=body)
    assert refused.status_code == 400
    (problem,) = refused.json()["errors"]
    assert (problem["field"], problem["message"]) == ("metadata.init_image", f"there is no asset {asset['id']}")
    job = await anna.submit("sdxl_image_fast", prompt="a boat", **image)
    await anna.finished(job["id"])
    assert received[0]["init_image"]["sha256"] == asset["sha256"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"mask_image": {"asset_id": OTHER}}, "metadata.mask_image"),
        ({"init_image": {"asset_id": "x"}}, "metadata.init_image.asset_id"),
        ({"init_image": "{{steps.00.outputs.0.file}}"}, "metadata.init_image"),
        ({"hires": {"scale": 9}}, "metadata.hires.scale"),
        ({"hires": {"size": 9}}, "metadata.hires.size"),
        ({"hires": {"scale": 4}}, "metadata.hires"),
        ({"denoising_strength": True}, "metadata.denoising_strength"),
    ],
)
async def test_options_of_pictures_that_make_no_sense_are_refused_by_field(
    platform: Platform, options: dict[str, Any], field: str
) -> None:
    anna = await platform.account("anna")
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", **options}}
    answer = await anna.http.post("/api/queue-job", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["field"] == field
