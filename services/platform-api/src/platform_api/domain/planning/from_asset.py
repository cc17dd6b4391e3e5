"""Plans the replay of an asset: the same step again, to compare its output with the asset."""

from darkroom_schemas.catalogue import CATALOGUE

from platform_api.domain.assets.asset import Asset, Origin
from platform_api.domain.errors import NotReplayable
from platform_api.domain.planning.plan import Plan, PlannedStep


def plan_replay(asset: Asset, origin: Origin, *, whole_batch: bool) -> Plan:
    """Plan the asset's step again, for its seed alone or for all seeds of its batch.

    A batch of another size computes the same picture with differences of at most 1/255, so only the whole batch yields
    equal bytes. Raises `NotReplayable` for an asset without a recipe.
    """
    entry = CATALOGUE.get(origin.job_type)
    if asset.recipe is None or entry is None or entry.family is None:
        raise NotReplayable(asset.id)
    seeds = list(origin.payload["seeds"])
    if asset.recipe.seed not in seeds:
        raise NotReplayable(asset.id)
    if not whole_batch:
        seeds = [asset.recipe.seed]
    payload = origin.payload | {"seeds": seeds}
    parameters = {
        "prompt": payload["prompt"],
        "negative_prompt": payload.get("negative_prompt") or "",
        "seeds": seeds,
        "bucket": entry.bucket,
        "replay_of": asset.id,
    }
    step = PlannedStep(origin.job_type, payload, origin.price_mc, outputs=len(seeds), requirements=origin.requirements)
    return Plan(asset.job_type, (step,), parameters)
