"""Bytes of assets: signed links, ranges and conditional requests."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from darkroom_schemas.channels import Preview
from PIL import Image
from platform_api.domain.assets.signed_urls import UrlSigner
from support.platform import Account, Platform, StartWorker

Asset = tuple[Account, dict[str, Any], Platform]


@pytest.fixture
async def asset(platform: Platform, start_worker: StartWorker) -> Asset:
    await start_worker()
    anna = await platform.account("anna")
    await anna.finished((await anna.submit("image_fast"))["id"])
    [item] = (await anna.http.get("/api/assets")).json()["assets"]
    return anna, item, platform


async def test_plain_path_works_with_credentials_and_not_without(asset: Asset) -> None:
    anna, item, platform = asset
    whole = await anna.http.get(item["content_path"])
    assert whole.status_code == 200
    assert whole.headers["Content-Type"] == "image/png"
    assert len(whole.content) == item["size_bytes"] == int(whole.headers["Content-Length"])
    async with platform.client() as anonymous:
        assert (await anonymous.get(item["content_path"])).status_code == 401


async def test_signed_link_works_without_credentials_for_its_bytes_only(asset: Asset) -> None:
    _, item, platform = asset
    link = platform.local(item["url"])
    async with platform.client() as anonymous:
        assert (await anonymous.get(link)).status_code == 200
        thumbnail = await anonymous.get(platform.local(item["thumbnail_url"]))
        assert thumbnail.status_code == 200
        assert thumbnail.headers["Content-Type"] == "image/webp"
        for wrong in (
            link.replace("/content", "/thumbnail"),
            link + "0",
            link.replace("expires=", "expires=1"),
            link.split("&signature=")[0] + "&signature=ä",
        ):
            assert (await anonymous.get(wrong)).status_code == 403, wrong


async def test_ranges_are_served(asset: Asset) -> None:
    anna, item, _ = asset
    path, size = item["content_path"], item["size_bytes"]
    whole = (await anna.http.get(path)).content
    for header, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, size),
        ("bytes=-24", size - 24, size),
        ("bytes=5-99999999", 5, size),
    ):
        part = await anna.http.get(path, headers={"Range": header})
        assert part.status_code == 206, header
        assert part.content == whole[start:end]
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    for header in ("bytes=a-b", "lines=1-2", "bytes=5-2", "bytes=0-1,4-5"):
        assert (await anna.http.get(path, headers={"Range": header})).content == whole


async def test_head_with_a_range_is_answered_as_its_get_would_be(asset: Asset) -> None:
    anna, item, _ = asset
    for header in ("bytes=10-19", "bytes=-24", f"bytes={item['size_bytes']}-", "bytes=a-b"):
        head, get = [
            await anna.http.request(method, item["content_path"], headers={"Range": header})
            for method in ("HEAD", "GET")
        ]
        assert (head.status_code, head.content) == (get.status_code, b"")
        for name in ("Content-Range", "Content-Length", "ETag", "Accept-Ranges"):
            assert head.headers.get(name) == get.headers.get(name), (header, name)


async def test_range_outside_of_the_asset_is_a_416(asset: Asset) -> None:
    anna, item, _ = asset
    for header in (f"bytes={item['size_bytes']}-", "bytes=-0"):
        answer = await anna.http.get(item["content_path"], headers={"Range": header})
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{item['size_bytes']}"


async def test_bytes_that_the_caller_has_are_not_sent_again(asset: Asset) -> None:
    anna, item, _ = asset
    etag = (await anna.http.get(item["content_path"])).headers["ETag"]
    for header in (etag, f'"other", W/{etag}', "*"):
        answer = await anna.http.get(item["content_path"], headers={"If-None-Match": header})
        assert answer.status_code == 304
        assert answer.content == b""
    changed = await anna.http.get(item["content_path"], headers={"If-Range": '"other"', "Range": "bytes=0-9"})
    assert changed.status_code == 200


async def test_head_reports_the_size_without_the_bytes(asset: Asset) -> None:
    anna, item, _ = asset
    answer = await anna.http.head(item["content_path"])
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == item["size_bytes"]
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content == b""


async def test_bytes_that_are_gone_are_a_404(asset: Asset) -> None:
    anna, item, platform = asset
    for file in platform.objects.rglob("*.png"):
        file.unlink()
    assert (await anna.http.get(item["content_path"])).status_code == 404


async def test_outage_of_the_object_store_is_a_503_that_may_be_repeated(asset: Asset) -> None:
    anna, item, platform = asset
    for folder in list(platform.objects.iterdir()):
        folder.rename(folder.with_suffix(".away"))
        folder.write_bytes(b"")  # no key below it can be read or written now
    signer = UrlSigner(platform.settings.signing_secret.get_secret_value(), platform.settings.public_url)
    link = platform.local(signer.preview_url(Preview(key="gone/0/preview.webp", version=1), datetime.now(UTC)))
    (platform.objects / "gone").write_bytes(b"")
    for method, path, body in (
        ("GET", item["content_path"], None),
        ("HEAD", item["content_path"], None),
        ("GET", f"/api/assets/{item['id']}/thumbnail", None),
        ("GET", link, None),
        ("POST", "/api/assets/archive", {"ids": [item["id"]]}),
    ):
        answer = await anna.http.request(method, path, json=body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), path
    assert answer.json()["error"] == "The object store does not answer now; try again later."


async def test_upload_that_cannot_be_stored_is_a_503(platform: Platform) -> None:
    anna = await platform.account("anna")
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "PNG")
    (platform.objects / "uploads").write_bytes(b"")
    answer = await anna.http.post("/api/uploads", content=content.getvalue())
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    (platform.objects / "uploads").unlink()
    assert (await anna.http.post("/api/uploads", content=content.getvalue())).status_code == 201
