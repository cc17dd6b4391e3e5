from collections import Counter

from darkroom_schemas.ids import TenantId
from hypothesis import given
from hypothesis import strategies as st
from webhook_dispatcher.domain.fair_share import Ask, fair_share

A, B, C = TenantId("a"), TenantId("b"), TenantId("c")


def test_a_tenant_with_many_endpoints_leaves_room_for_others() -> None:
    asks = [Ask(f"a{number}", A, 8) for number in range(50)] + [Ask("b", B, 8), Ask("c", C, 1)]
    shares = fair_share(asks, slots=20, per_tenant=100, running={})
    assert (shares["b"], shares["c"]) == (8, 1)
    assert sum(shares.values()) == 20


def test_a_tenant_gets_no_more_than_its_limit() -> None:
    shares = fair_share([Ask("a", A, 8), Ask("b", B, 8)], slots=20, per_tenant=5, running={A: 3})
    assert shares == {"a": 2, "b": 5}


@given(
    asked=st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(0, 10)), max_size=20),
    slots=st.integers(0, 40),
    per_tenant=st.integers(1, 20),
)
def test_limits_hold_and_no_slot_is_wasted(asked: list[tuple[TenantId, int]], slots: int, per_tenant: int) -> None:
    asks = [Ask(str(number), tenant, attempts) for number, (tenant, attempts) in enumerate(asked)]
    shares = fair_share(asks, slots=slots, per_tenant=per_tenant, running={})
    of_tenant: Counter[TenantId] = Counter()
    wanted: Counter[TenantId] = Counter()
    for ask in asks:
        assert 0 <= shares[ask.endpoint_id] <= ask.attempts
        of_tenant[ask.tenant] += shares[ask.endpoint_id]
        wanted[ask.tenant] += ask.attempts
    possible = {tenant: min(per_tenant, attempts) for tenant, attempts in wanted.items()}
    assert all(of_tenant[tenant] <= possible[tenant] for tenant in possible)
    assert sum(of_tenant.values()) == min(slots, sum(possible.values()))
