"""Make several pictures at the same time, asynchronously."""

import asyncio
from pathlib import Path

from darkroom_client import AsyncClient

PROMPTS = ("a lighthouse at dawn", "a lighthouse at noon", "a lighthouse at night")


async def make(client: AsyncClient, prompt: str) -> list[Path]:
    picture = await client.run("image_fast", prompt)
    return await picture.save("darkroom-output")


async def main() -> None:
    async with AsyncClient() as client:
        for files in await asyncio.gather(*(make(client, prompt) for prompt in PROMPTS)):
            print(*files)


asyncio.run(main())
