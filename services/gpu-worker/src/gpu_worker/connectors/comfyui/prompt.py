"""One attempt: finds the prompt that a lost worker left, or posts one, and follows it until its outputs are here."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.remote_payloads import ComfyUIPayload

from gpu_worker.connectors.attempt import Attempt
from gpu_worker.connectors.comfyui.answers import Finished, Outcome
from gpu_worker.connectors.comfyui.failures import execution_failure, invalid_nodes, lost_previews, refusal
from gpu_worker.connectors.comfyui.graph import Graph
from gpu_worker.connectors.comfyui.input_uploads import with_uploads
from gpu_worker.connectors.comfyui.output_files import OutputFiles
from gpu_worker.connectors.comfyui.progress import GraphProgress, Progress
from gpu_worker.connectors.comfyui.prompt_ids import prompt_ids
from gpu_worker.connectors.comfyui.recipe import Recipes
from gpu_worker.connectors.comfyui.server import Server
from gpu_worker.connectors.comfyui.watch import PromptWatch
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.preview_frames import PreviewFrames
from gpu_worker.connectors.server_faults import ConnectionLost, Refused, ServerFault, failure_of
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import ObjectStore

CONNECT_S = 15.0


@dataclass
class PromptAttempt:
    """The work of one attempt. `prompt_id` is set while the server may have a prompt of it that has not ended."""

    server: Server
    store: ObjectStore
    current: Attempt
    payload: ComfyUIPayload
    prompt_id: str | None = None
    is_confirmed: bool = False
    notes: tuple[str, ...] = ()
    graph: Graph = field(default_factory=dict)
    _recipes: Recipes | None = None

    async def work(self) -> tuple[str | None, tuple[str, ...]]:
        """Return the text and the notes of the result; the files are being uploaded. Raises a Failure."""
        previews = PreviewFrames(self.current)
        try:
            async with asyncio.TaskGroup() as group:
                files = OutputFiles(self.current, self.server.client, self.payload, self._recipe, group)
                watch = PromptWatch(GraphProgress(self.payload.workflow), self._report, files.add, previews.show)
                finished = await self._finished(watch)
                for node_id, output in finished.outputs.items():
                    files.add(node_id, output)
                text, notes = files.finish()
        except BaseExceptionGroup as problems:
            raise first_problem(problems) from problems
        except ServerFault as fault:
            raise failure_of(fault) from fault
        finally:
            await previews.end()
        return text, (*self.notes, *notes)

    async def _finished(self, watch: PromptWatch) -> Finished:
        """Return the successful end of the prompt."""
        self.graph = self.payload.workflow
        earlier, prompt_id = await self._find()
        if earlier is not None:
            return earlier
        if self.prompt_id is None:
            self.graph = await with_uploads(self.server.client, self.store, self.payload, self.current.folder)
            await self._connected()
        else:
            self.server.socket.start()
            watch.missed()  # what the lost worker saw
        self.server.socket.listen(prompt_id, watch)
        try:
            if self.prompt_id is None:
                await self._post(prompt_id, watch)
            return await self._followed(prompt_id, watch)
        finally:
            self.server.socket.forget(prompt_id, watch)

    async def _find(self) -> tuple[Finished | None, str]:
        """Look for a prompt of this step, of whatever worker.

        Returns the end of one that succeeded, the id of one that waits or runs, which then is `prompt_id`, or the first
        id that no prompt has. The queue is asked before the history, since a prompt moves from the one to the other.
        """
        ids = prompt_ids(self.current.run.step.id)
        for prompt_id in ids:
            if not await self.server.cancellations.settle(prompt_id):
                message = "ComfyUI still runs a prompt of this step that was cancelled"
                raise Failure(StepErrorCode.BACKEND, message, retryable=True)
        queue = await self.server.client.queue()
        for prompt_id in ids:
            if prompt_id in queue:
                self.prompt_id, self.is_confirmed = prompt_id, True
                self.current.run.progress(0.0, message="continuing a prompt that ComfyUI has already")
                return None, prompt_id
            finished = await self.server.client.history(prompt_id)
            if finished is None:
                return None, prompt_id
            if finished.outcome is Outcome.SUCCEEDED:
                return finished, prompt_id
        message = "ComfyUI has failed this step too many times; submit the job again"
        raise Failure(StepErrorCode.BACKEND, message)

    async def _connected(self) -> None:
        """Wait for the WebSocket: without it, no events of the prompt arrive."""
        self.server.socket.start()
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.server.socket.connected()
        except TimeoutError:
            message = "ComfyUI answers requests, but its WebSocket /ws cannot be connected"
            raise Failure(StepErrorCode.BACKEND, message, retryable=True) from None

    async def _post(self, prompt_id: str, watch: PromptWatch) -> None:
        self.prompt_id = prompt_id
        self.current.run.progress(0.0, message="queued in ComfyUI")
        try:
            node_errors = await patiently(
                self.current.run,
                Meter(self.current.run),
                lambda: self.server.client.post(self.graph, prompt_id, self.server.client_id),
            )
        except Refused as refused:
            self.prompt_id = None
            raise refusal(self.graph, refused) from refused
        except ConnectionLost:
            watch.missed()  # it may have been received: queue and history know
            return
        self.is_confirmed = True
        if node_errors:
            notes = lost_previews(self.graph, node_errors)
            if notes is None:
                raise invalid_nodes(self.graph, node_errors)
            self.notes = notes

    async def _followed(self, prompt_id: str, watch: PromptWatch) -> Finished:
        finished = await self.server.follower.follow(prompt_id, watch)
        self.prompt_id = None
        match finished.outcome:
            case Outcome.SUCCEEDED:
                return finished
            case Outcome.FAILED:
                raise execution_failure(self.graph, finished.error)
            case Outcome.INTERRUPTED:
                message = "The prompt was interrupted in ComfyUI by another client"
                raise Failure(StepErrorCode.BACKEND, message, retryable=True)

    def _report(self, progress: Progress) -> None:
        self.current.run.progress(
            progress.percent, message=progress.message, current_step=progress.step, total_steps=progress.steps
        )

    def _recipe(self) -> BackendRecipe:
        if self._recipes is None:
            self._recipes = Recipes(self.graph, self.server.entry, self.server.version)
        return self._recipes.next()


def first_problem(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the failure of a task group: a Failure if there is one, otherwise the first exception."""
    leaves = list(_leaves(problems))
    failures = [leaf for leaf in leaves if isinstance(leaf, Failure)]
    faults = [failure_of(leaf) for leaf in leaves if isinstance(leaf, ServerFault)]
    return (*failures, *faults, *leaves)[0]


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            yield from _leaves(problem)
        else:
            yield problem
