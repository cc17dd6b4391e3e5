import jwt
import pytest
from darkroom_chassis.errors import Unauthenticated
from darkroom_chassis.tokens import JwtCodec
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import UserId

SECRET = "s" * 32
CODEC = JwtCodec(SECRET, "darkroom", "darkroom-api")


def test_an_issued_token_verifies_to_its_user() -> None:
    assert CODEC.verify(CODEC.issue(UserId("u1"), ttl_s=60)).user_id == "u1"


def test_an_expired_token_says_so() -> None:
    with pytest.raises(Unauthenticated) as caught:
        CODEC.verify(CODEC.issue(UserId("u1"), ttl_s=-60))
    assert caught.value.code is ErrorCode.TOKEN_EXPIRED


@pytest.mark.parametrize(
    "other",
    [
        JwtCodec("x" * 32, "darkroom", "darkroom-api"),
        JwtCodec(SECRET, "else", "darkroom-api"),
        JwtCodec(SECRET, "darkroom", "else"),
    ],
)
def test_a_foreign_secret_issuer_or_audience_is_refused(other: JwtCodec) -> None:
    with pytest.raises(Unauthenticated):
        CODEC.verify(other.issue(UserId("u1"), ttl_s=60))


def test_an_unsigned_token_is_refused() -> None:
    forged = jwt.encode({"sub": "u1", "iss": "darkroom", "aud": "darkroom-api", "exp": 9e9}, "", algorithm="none")
    with pytest.raises(Unauthenticated):
        CODEC.verify(forged)


def test_a_short_secret_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        JwtCodec("short", "darkroom", "darkroom-api")
