from pathlib import Path

import pytest
from pydantic import ValidationError
from queue_api.settings import Settings

REDIS = "redis://localhost"


@pytest.fixture(autouse=True)
def without_settings_of_this_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the .env that deploy/compose/init.sh writes."""
    monkeypatch.chdir(tmp_path)


def test_without_a_token_the_service_stays_on_loopback() -> None:
    assert Settings(redis_url=REDIS, queue_api_host="0.0.0.0").host == "127.0.0.1"


def test_with_a_token_it_listens_at_any_address() -> None:
    settings = Settings(redis_url=REDIS, queue_api_host="10.1.2.3", auth_token="t" * 16)
    assert settings.host == "10.1.2.3"


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(redis_url=REDIS, auth_token="short")
