"""Subscriptions admit what a naive reading of their words admits."""

from hypothesis import given
from hypothesis import strategies as st
from queue_api.domain.frames import Frame, Topic, frame
from queue_api.domain.subscription import EVERYTHING, MAX_JOBS, Filters, JobFacts, Subscription

TOPICS = (Topic.WORKERS, Topic.MACHINES, Topic.JOBS_STATUS, Topic.JOBS_PROGRESS)
names = st.sampled_from(["a", "b", "c"])
some = st.frozensets(names, max_size=2)
bound = st.none() | st.integers(1, 100)
subscriptions = st.builds(
    Subscription, st.frozensets(st.sampled_from(Topic)), st.builds(Filters, some, some, bound, bound), st.sets(names)
)
frames = st.builds(
    Frame,
    st.just("{}"),
    st.just(b""),
    st.sampled_from(TOPICS),
    st.none(),
    st.none() | names,
    st.none() | names,
    st.none() | names,
)
facts = st.builds(JobFacts, st.none() | names, bound)


def naive(one: Frame, known: JobFacts, wanted: Subscription) -> bool:
    """Say the rules again, without shortcuts."""
    if {one.job_id, one.workflow_id} & wanted.jobs:
        return True
    is_job = one.topic.value.startswith("jobs")
    if one.topic not in wanted.topics and not (is_job and Topic.JOBS in wanted.topics):
        return False
    filters = wanted.filters
    concerns_workers = is_job or one.worker_id is not None
    if filters.worker_ids and concerns_workers and one.worker_id not in filters.worker_ids:
        return False
    if not is_job:
        return True
    if filters.job_types and known.job_type not in filters.job_types:
        return False
    if filters.lowest_priority is None and filters.highest_priority is None:
        return True
    if known.priority is None:
        return False
    lowest = 0 if filters.lowest_priority is None else filters.lowest_priority
    highest = 100 if filters.highest_priority is None else filters.highest_priority
    return lowest <= known.priority <= highest


@given(frames, facts, subscriptions)
def test_a_frame_is_admitted_as_the_rules_say(one: Frame, known: JobFacts, wanted: Subscription) -> None:
    given_facts = known if wanted.needs_facts(one) else None
    assert wanted.admits(one, given_facts) == naive(one, known, wanted)


def test_a_monitor_wants_all_events_and_a_client_only_its_jobs() -> None:
    job = frame({"type": "complete_job", "job_id": "j", "workflow_id": "w"}, Topic.JOBS_STATUS)
    assert Subscription().topics == EVERYTHING
    assert Subscription().admits(job)
    client = Subscription(topics=frozenset())
    assert not client.admits(job)
    client.add_job("w")
    assert client.admits(job)


def test_a_connection_names_a_limited_number_of_jobs() -> None:
    wanted = Subscription()
    assert all(wanted.add_job(str(number)) for number in range(MAX_JOBS))
    assert not wanted.add_job("one more")
    assert wanted.add_job("7")
