"""Settings that could open a hole are refused at the start."""

from typing import Any

import pytest
from platform_api.settings import Settings
from pydantic import ValidationError

NEEDED: dict[str, Any] = {
    "_env_file": None,
    "PLATFORM_DATABASE_URL": "postgresql://x",
    "object_store_url": "file:///tmp/objects",
    "jwt_secret": "j" * 32,
    "signing_secret": "s" * 32,
}


@pytest.mark.parametrize(
    "origin", ["*", "null", "ui.example", "https://ui.example/", "https://ui.example/page", "ws://ui"]
)
def test_ui_origin_that_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="must be origins"):
        Settings(**(NEEDED | {"ui_origins": origin}))


def test_ui_origins_are_separated_by_commas_and_join_our_own() -> None:
    settings = Settings(**(NEEDED | {"ui_origins": "https://a.example, http://b.example:8080"}))
    assert settings.origins == {"https://a.example", "http://b.example:8080", "http://127.0.0.1:3001"}


def test_users_are_made_at_their_first_login_only_if_there_is_an_identity_provider() -> None:
    with pytest.raises(ValidationError, match="needs JWT_JWKS"):
        Settings(**(NEEDED | {"jwt_provision_users": "true"}))


def test_identity_provider_needs_its_issuer_and_audience() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(
            **(NEEDED | {"jwt_jwks": "https://login.example/jwks.json", "jwt_jwks_issuer": "https://login.example"})
        )
    assert [error["loc"] for error in caught.value.errors()] == [("jwt_jwks_audience",)]
