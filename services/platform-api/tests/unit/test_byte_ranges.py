"""Range headers, as RFC 9110 reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_api.http.byte_ranges import NotSatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=99-1000", (99, 100)),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("items=0-1", None),
    ],
)
def test_header_gives_a_part_or_the_whole(header: str | None, part: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_part_outside_is_not_satisfiable(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        parse_range(header, 100)


@given(st.text(alphabet="bytes=0123456789-, "), st.integers(0, 1000))
def test_a_part_lies_inside_whatever_the_header_says(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except NotSatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= size
