"""Plans on a simulated allocator: never over the card's capacity, no leased model evicted, and always an answer."""

from dataclasses import dataclass, field, replace

from gpu_worker.domain.memory.card import CUDA, Card, Resident
from gpu_worker.domain.memory.footprint import Component, Footprint, Point, Shape, StageFootprint, StageName
from gpu_worker.domain.memory.placement import bytes_during
from gpu_worker.domain.memory.plan import Demand, Plan, Policy, Refusal
from gpu_worker.domain.memory.planner import least_demand, plan_step
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

GB = 1_000_000_000
SIZES = st.integers(0, 12 * GB)
WORK = st.integers(1, 10 * GB)
NAMES = ("a", "b", "c", "d")


def stage(work: int) -> StageFootprint:
    return StageFootprint((Point(Shape(1), work), Point(Shape(1, batch=6), 5 * work)))


@st.composite
def demands(draw: st.DrawFn, name: str) -> Demand:
    if draw(st.booleans()):
        language = Footprint({Component.LANGUAGE_MODEL: draw(SIZES)}, {StageName.WRITE: stage(draw(WORK))})
        return Demand(name, language, {StageName.WRITE: Shape(1)})
    weights = {part: draw(SIZES) for part in (Component.TEXT_ENCODER, Component.UNET, Component.VAE)}
    stages = {name: stage(draw(WORK)) for name in (StageName.ENCODE, StageName.DENOISE, StageName.DECODE)}
    if draw(st.booleans()):
        stages[StageName.DECODE_TILED] = stage(draw(WORK))
    shapes = {StageName.ENCODE: Shape(1), StageName.DECODE: Shape(1)}
    if draw(st.booleans()):
        shapes[StageName.ENCODE_IMAGE] = Shape(1)
        stages |= {name: stage(draw(WORK)) for name in (StageName.ENCODE_IMAGE, StageName.ENCODE_IMAGE_TILED)}
    return Demand(
        name, Footprint(weights, stages), shapes | {StageName.DENOISE: Shape(1, batch=draw(st.integers(1, 6)))}
    )


@dataclass
class Device:
    """A card that fails when more is allocated than it has."""

    total: int
    foreign: int = 0
    models: dict[str, int] = field(default_factory=dict)
    """Bytes of each loaded model's weights on the card, least recently used first."""

    @property
    def free(self) -> int:
        return self.total - self.foreign - sum(self.models.values())

    def run(self, demand: Demand, plan: Plan) -> None:
        """Go through the stages; each allocates the weights that the placement holds then, and its work."""
        self.models.pop(demand.model, None)
        for name, shape in demand.shapes.items():
            used, at = name, shape
            if name is StageName.DECODE and plan.tiled:
                used = StageName.DECODE_TILED
            if name is StageName.ENCODE_IMAGE and plan.tiled:
                used = StageName.ENCODE_IMAGE_TILED
            if name is StageName.DENOISE:
                at = replace(shape, batch=plan.batch)
            weights = bytes_during(demand.footprint, plan.placement, used)
            assert weights + demand.footprint.stages[used].work_bytes(at) <= self.free
        self.models[demand.model] = plan.device_bytes


class OneCard(RuleBasedStateMachine):
    """Steps, leases and other processes in any order on one card."""

    def __init__(self) -> None:
        super().__init__()
        self.device = Device(0)
        self.demands: dict[str, Demand] = {}
        self.leased: set[str] = set()
        self.ram: dict[str, int] = {}

    @initialize(gb=st.integers(6, 80), demands=st.tuples(*(demands(name) for name in NAMES)))
    def begin(self, gb: int, demands: tuple[Demand, ...]) -> None:
        self.device = Device(gb * GB)
        self.demands = {demand.model: demand for demand in demands}

    @rule(name=st.sampled_from(NAMES))
    def step(self, name: str) -> None:
        demand = replace(self.demands[name], is_loaded=name in self.device.models)
        card = Card(CUDA, "card", self.device.total, self.device.free, sum(self.device.models.values()))
        residents = [
            Resident(other, size, self.ram[other], other in self.leased) for other, size in self.device.models.items()
        ]
        answer = plan_step(card, 64 * GB, demand, residents)
        if isinstance(answer, Refusal):
            assert answer.needed_bytes > answer.free_bytes
            return
        for other in answer.evict:
            assert other not in self.leased
            assert other != name
            del self.device.models[other]
        self.device.run(demand, answer)
        self.ram[name] = answer.ram_bytes

    @rule(name=st.sampled_from(NAMES))
    def lease(self, name: str) -> None:
        if name in self.device.models:
            self.leased.add(name)

    @rule(name=st.sampled_from(NAMES))
    def release(self, name: str) -> None:
        self.leased.discard(name)

    @rule(gb=st.integers(0, 60))
    def another_process_takes_memory(self, gb: int) -> None:
        room = self.device.total - sum(self.device.models.values())
        self.device.foreign = min(gb * GB, room)

    @invariant()
    def never_over_capacity(self) -> None:
        assert self.device.free >= 0


def test_any_order_of_steps_leases_and_other_processes_stays_within_the_card() -> None:
    run_state_machine_as_test(OneCard, settings=settings(max_examples=150, stateful_step_count=25, deadline=None))


@settings(max_examples=200, deadline=None)
@given(demands("a"), st.lists(st.integers(0, 20 * GB), max_size=4), st.integers(1, 80))
def test_what_fits_the_empty_card_is_admitted_again_once_no_model_is_leased(
    demand: Demand, loaded: list[int], gb: int
) -> None:
    """No deadlock: models that nobody uses never keep a step out."""
    held = min(sum(loaded), gb * GB)
    residents = [Resident(str(number), size) for number, size in enumerate(loaded)] if held == sum(loaded) else []
    reserved = sum(resident.device_bytes for resident in residents)
    empty = plan_step(Card(CUDA, "card", gb * GB, gb * GB), 64 * GB, demand)
    full = plan_step(Card(CUDA, "card", gb * GB, gb * GB - reserved, reserved), 64 * GB, demand, residents)
    if isinstance(empty, Plan):
        assert isinstance(full, Plan)
        assert replace(full, evict=()) == empty
    else:
        assert full == empty


@settings(max_examples=200, deadline=None)
@given(demands("a"), st.integers(1, 80), st.integers(0, 40))
def test_a_larger_card_never_refuses_what_a_smaller_one_takes(demand: Demand, gb: int, more: int) -> None:
    small = plan_step(Card(CUDA, "card", gb * GB, gb * GB), 64 * GB, demand)
    large = plan_step(Card(CUDA, "card", (gb + more) * GB, (gb + more) * GB), 64 * GB, demand)
    assert isinstance(large, Plan) or isinstance(small, Refusal)


@settings(max_examples=200, deadline=None)
@given(demands("a"), st.integers(1, 80))
def test_one_image_is_admitted_wherever_the_batch_is(demand: Demand, gb: int) -> None:
    card = Card(CUDA, "card", gb * GB, gb * GB)
    if isinstance(plan_step(card, 64 * GB, demand, policy=Policy()), Plan):
        assert isinstance(plan_step(card, 64 * GB, least_demand(demand)), Plan)
