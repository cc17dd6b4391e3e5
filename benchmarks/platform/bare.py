"""What platform-api is measured against: a bare FastAPI route that inserts one row, and one that reads one.

`python bare.py PORT DATABASE_URL` serves on the same uvicorn, event loop and number of connections.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel

POOL = 10


class Item(BaseModel):
    """As large as a job's request."""

    jobType: str
    metadata: dict[str, Any]


def build_app(database_url: str) -> FastAPI:
    """Build the app with a pool of connections that are handed out as a queue."""
    free: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for _number in range(POOL):
            free.put_nowait(await psycopg.AsyncConnection.connect(database_url, autocommit=True))
        yield
        while not free.empty():
            await free.get_nowait().close()

    @asynccontextmanager
    async def connection() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        taken = await free.get()
        try:
            yield taken
        finally:
            free.put_nowait(taken)

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def ready() -> None:
        """Tell that it serves."""

    @app.post("/items")
    async def insert(item: Item) -> dict[str, str]:
        item_id = uuid.uuid4()
        async with connection() as taken:
            await taken.execute("INSERT INTO items (id, kind, body) VALUES (%s, %s, %s)",
                                (item_id, item.jobType, item.model_dump_json()))  # fmt: skip
        return {"id": str(item_id)}

    @app.get("/items/{item_id}")
    async def read(item_id: uuid.UUID) -> dict[str, Any]:
        async with connection() as taken:
            row = await (await taken.execute("SELECT kind, body FROM items WHERE id = %s", (item_id,))).fetchone()
        return {"id": str(item_id), "row": row}

    return app


async def main(port: int, database_url: str) -> None:
    """Serve until stopped."""
    with psycopg.connect(database_url, autocommit=True) as setup:
        setup.execute("CREATE TABLE IF NOT EXISTS items (id uuid PRIMARY KEY, kind text, body jsonb)")
    config = uvicorn.Config(build_app(database_url), port=port, log_config=None, access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
