"""Bodies that break careless programs are a 400 on every EmProps route that takes one, never a 500."""

import pytest
from support.emprops import collection
from support.platform import Platform

NAMELESS = '{"name": "a", "label": "%s", "description": "", "data": %s, "output_mime_type": "image/png"}'
COLLECTION = '{"title": "%s", "price": %s, "editions": %s}'
SIMPLE = (
    '{"collection_details": {"title": "%s", "description": "", "social_org": "twitter", "social_identifier": "x"},'
    ' "variables": [%s], "job_type": "simulation", "template_json": %s}'
)
DEEP = "[" * 5000 + "]" * 5000
STEP = '{"steps": [{"job_type": "simulation", "payload": '
WORKFLOWS, COLLECTIONS = "/api/workflows", "/api/collections"
CREATE_SIMPLE = "/api/workflows/create-simple-collection"


BODIES = [
    (WORKFLOWS, ""),
    (WORKFLOWS, "[]"),
    (WORKFLOWS, "null"),
    (WORKFLOWS, NAMELESS % ("\\ud800", "{}")),
    (WORKFLOWS, NAMELESS % ("x", '{"steps": [{"job_type": "simulation", "payload": {"x": NaN}}]}')),
    (WORKFLOWS, NAMELESS % ("x", '{"steps": [{"job_type": "simulation", "payload": {"x": "\\udc00"}}]}')),
    (WORKFLOWS, NAMELESS % ("x", '{"steps": [{"job_type": "simulation", "payload": {"x": 1e999}}]}')),
    (WORKFLOWS, NAMELESS % ("x", STEP + DEEP + "}]}")),
    (WORKFLOWS, NAMELESS % ("x", '{"steps": [{"job_type": "\\ud800"}]}')),
    (COLLECTIONS, COLLECTION % ("\\u0000", "0", "1")),
    (COLLECTIONS, COLLECTION % ("\\ud800", "0", "1")),
    (COLLECTIONS, COLLECTION % ("x", '"NaN"', "1")),
    (COLLECTIONS, COLLECTION % ("x", "1e999", "1")),
    (COLLECTIONS, COLLECTION % ("x", "0.0000000000000000001", "1")),
    (COLLECTIONS, COLLECTION % ("x", "0", "1e30")),
    (COLLECTIONS, COLLECTION % ("x", "0", "1.5")),
    (CREATE_SIMPLE, SIMPLE % ("x", "null", "{}")),
    (CREATE_SIMPLE, SIMPLE % ("x", '{"name": "x", "template_mapping": null}', "{}")),
    (CREATE_SIMPLE, SIMPLE % ("x", '{"name": "x", "template_mapping": "\\ud800"}', "{}")),
    (CREATE_SIMPLE, SIMPLE % ("x", "", DEEP)),
    (CREATE_SIMPLE, SIMPLE % ("x", "", '{"x": "\\ud800"}')),
    ("generate", '{"variables": {"prompt": "\\ud800"}}'),
    ("generate", '{"variables": {"\\ud800": 1}}'),
    ("generate", '{"variables": {"prompt": "x", "seed": 1e999}}'),
    ("generate", '{"variables": {"prompt": ' + DEEP + "}}"),
    ("generate", '{"variables": {"prompt": "x", "seed": 1%s}}' % ("0" * 5000)),
    ("generate", '{"variables": {"prompt": "x"}, "workflow_id": "\\ud800"}'),
    ("generate", '{"variables": {"prompt": "x"}, "workflow_priority": 1e30}'),
]
QUERIES = (
    "limit=201",
    "limit=x",
    "offset=-1",
    "offset=10001",
    "cursor=%00",
    "cursor=x",
    "cursor=00000000-0000-0000-0000",
)
NAMES = ("%00", "%ff", "%ed%a0%80", "x" * 201, "..%2f..")


async def test_hostile_bodies_are_a_400(platform: Platform) -> None:
    anna = await platform.account("anna")
    generate = f"/api/collections/{await collection(anna, workflow='sdxl_image')}/generate"
    for path, body in BODIES:
        url = generate if path == "generate" else path
        answer = await anna.http.post(url, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), (path, body[:200])


@pytest.mark.parametrize("what", ["workflows", "collections", "models", "custom-nodes"])
async def test_bad_pages_are_a_400(platform: Platform, what: str) -> None:
    anna = await platform.account("anna")
    for query in QUERIES:
        answer = await anna.http.get(f"/api/{what}?{query}")
        assert answer.status_code == 400, query
        assert [error["field"] for error in answer.json()["errors"]] == [query.split("=")[0]]


async def test_odd_names_of_workflows_are_refused_or_not_there(platform: Platform) -> None:
    anna = await platform.account("anna")
    for name in NAMES:
        assert (await anna.http.get(f"/api/workflows/{name}")).status_code in {400, 404}, name
