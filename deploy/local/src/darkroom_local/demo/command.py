"""Runs the demo on the running stack, or on one that it starts and stops."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from darkroom_client.client import Client
from rich.console import Console

from darkroom_local.addresses import choose_addresses
from darkroom_local.background import stack_process, start_failure
from darkroom_local.demo.runner import print_times, run_orders
from darkroom_local.environment import DEFAULT_PROFILE, user_environment
from darkroom_local.errors import PortTaken, ProcessFailed
from darkroom_local.private_files import empty_private
from darkroom_local.servers.blocking import running
from darkroom_local.state import RunningStack, StateDir

REAL = "On a machine with a GPU, `darkroom up --profile full` uses the published weights."
LIMITS = {
    "mini": "The pictures and the enhanced prompt are by small models of Darkroom's own, which know simple scenes: an "
    "animal, a vehicle, a building or a plant, in a place, at a time of day. The video and the last still are noise: "
    f"WAN has random weights. {REAL}",
    "tiny": "The pictures are noise on purpose: the tiny models have the real architectures and random weights. "
    f"{REAL}",
}
"""What people should know about the results, by the profile of the workers."""


def run_demo(state: StateDir, output: Path, console: Console) -> None:
    """Run the demo and save its files in `output`; raises StackError or DarkroomError."""
    began = time.monotonic()
    with _stack(state, console) as (stack, started_s):
        queue_token = {"Authorization": f"Bearer {stack.queue_token}"}
        with (
            Client(stack.platform_url, stack.api_key) as client,
            httpx.Client(base_url=stack.queue_url, headers=queue_token) as queue,
        ):
            results = run_orders(client, queue, output, console)
        print_times(results, started_s, console)
    if stack.profile in LIMITS:
        console.print(f"\n{LIMITS[stack.profile]}", highlight=False)
    console.print(f"Everything worked, in {time.monotonic() - began:.1f} s. The files are in {output.resolve()}.")


@contextmanager
def _stack(state: StateDir, console: Console) -> Iterator[tuple[RunningStack, float | None]]:
    """Yield the running stack, or start one and stop it afterwards; with the seconds that its start took."""
    if state.supervisor():
        stack = state.running()
        console.print(f"Using the stack that is running in {state.path}.")
        yield stack, None
        return
    own = StateDir(state.path / "demo")
    state.make()
    own.make()
    env = user_environment()
    spec = stack_process(own, ["--profile", DEFAULT_PROFILE, *_port_options(env)], env)
    began = time.monotonic()
    with console.status(f"Starting Darkroom; the first time builds tiny models (log: {own.log_file})") as status:
        empty_private(own.log_file)
        with ExitStack() as started:
            try:
                started.enter_context(running(spec, own.log_file))
            except ProcessFailed:
                raise start_failure(own) from None
            started_s = time.monotonic() - began
            status.stop()
            console.print(f"Darkroom runs at {own.running().platform_url} (started in {started_s:.1f} s).")
            yield own.running(), started_s
            console.print("\nStopping Darkroom.")


def _port_options(env: dict[str, str]) -> list[str]:
    try:
        choose_addresses(env, workers=1, free=False)
    except PortTaken:
        return ["--free-ports"]
    return []
