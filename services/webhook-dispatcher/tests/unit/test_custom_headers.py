import pytest
from webhook_dispatcher.domain.custom_headers import MAX_HEADERS, check_headers


def test_usual_headers_may_be_sent() -> None:
    check_headers({"Authorization": "Bearer abc.def", "X-Tenant": "7", "x_under": "a b"})


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "internal"}, {"content-length": "0"}, {"Transfer-Encoding": "chunked"}, {"Connection": "upgrade"},
        {"webhook-signature": "v1,x"}, {"X-Webhook-Signature": "x"}, {"svix-id": "x"}, {"X-Forwarded-For": "10.0.0.1"},
        {"Proxy-Authorization": "x"}, {"": "x"}, {"a b": "x"}, {"a:": "x"}, {"a\r\nb": "x"}, {"ä": "x"},
        {"x": ""}, {"x": "a\r\nb: c"}, {"x": "a\n"}, {"x": "ü"}, {"x": " a"}, {"x": "y" * 2001}, {"x" * 101: "y"},
        {"X-A": "1", "x-a": "2"}, {f"x-{number}": "1" for number in range(MAX_HEADERS + 1)},
    ],
)  # fmt: skip
def test_headers_that_belong_to_others_or_break_requests_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        check_headers(headers)
