"""Pages of the delivery log of an endpoint with few and with many deliveries."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter

import httpx
import psycopg
from stage import Stage, Tenant

FEW, SAMPLES, WARM_UP = 1_000, 100, 10
_FILL = """
WITH message AS (
    INSERT INTO webhooks.messages (id, tenant, event_type, body)
    SELECT 'msg_' || %(tenant)s || '_' || n, %(tenant)s, 'asset.created', '{}' FROM generate_series(1, %(rows)s) AS n
    RETURNING id
)
INSERT INTO webhooks.deliveries (message_id, endpoint_id, status, attempts, last_status, event_type)
SELECT id, %(endpoint)s, CASE WHEN id LIKE '%%_%%00' THEN 'failed' ELSE 'delivered' END, 1, 200,
    CASE WHEN id LIKE '%%_%%000' THEN 'asset.deleted' ELSE 'asset.created' END
FROM message
"""
PAGES = {
    "first page": "",
    "failed ones, 1 of 100": "status=failed",
    "of a type": "event_type=asset.created",
    "of a type, 1 of 1,000": "event_type=asset.deleted",
}


@dataclass(frozen=True, slots=True)
class Lists:
    """Median milliseconds of a page of 50, by name, among few deliveries and among `rows`."""

    rows: int
    few: dict[str, float]
    many: dict[str, float]


async def measure(stage: Stage, rows: int) -> Lists:
    """Fill the logs of two endpoints by SQL, and read pages of both in turn."""
    few, many = [await filled(stage, number) for number in (FEW, rows)]
    samples: dict[str, dict[str, list[float]]] = {"few": {}, "many": {}}
    sides = [
        (name, tenant.api, path, await _pages(tenant.api, path))
        for name, (tenant, path) in (("few", few), ("many", many))
    ]
    for number in range(WARM_UP + SAMPLES):
        for name, api, path, pages in sides:
            for page, query in pages.items():
                began = perf_counter()
                (await api.get(f"{path}?limit=50&{query}")).raise_for_status()
                if number >= WARM_UP:
                    samples[name].setdefault(page, []).append((perf_counter() - began) * 1000)
    few_ms, many_ms = ({page: median(times) for page, times in samples[name].items()} for name in ("few", "many"))
    return Lists(rows, few_ms, many_ms)


async def filled(stage: Stage, rows: int) -> tuple[Tenant, str]:
    """Fill the log of a new endpoint, and return its owner and the path of its deliveries."""
    tenant = await stage.tenant()
    created = await tenant.api.post("/api/webhooks", json={"url": "http://127.0.0.1:9999/hook"})
    endpoint = created.raise_for_status().json()["id"]
    async with await psycopg.AsyncConnection.connect(stage.database_url, autocommit=True) as connection:
        await connection.execute(_FILL, {"tenant": tenant.id, "rows": rows, "endpoint": endpoint})
        await connection.execute("VACUUM ANALYZE webhooks.deliveries")
        await connection.execute("VACUUM ANALYZE webhooks.messages")
    return tenant, f"/api/webhooks/{endpoint}/deliveries"


async def _pages(api: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Return the pages, and the one that follows the first."""
    first = (await api.get(f"{path}?limit=50")).raise_for_status().json()
    return {**PAGES, "next page": f"before={first['cursor']}"}
