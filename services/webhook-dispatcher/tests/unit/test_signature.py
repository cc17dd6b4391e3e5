import json
import time
from typing import Any

import pytest
from standardwebhooks import Webhook
from webhook_dispatcher.domain.signature import check_secret, new_secret, signed_headers


def test_the_official_library_verifies_our_signature() -> None:
    secret, body = new_secret(), json.dumps({"type": "job.completed", "text": "ü"}).encode()
    verified: Any = Webhook(secret).verify(body.decode(), signed_headers(secret, "msg_1", int(time.time()), body))
    assert verified["type"] == "job.completed"


@pytest.mark.parametrize("text", ["", "secret", "whsec_", "whsec_!!!", "whsec_c2hvcnQ="])
def test_an_unusable_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        check_secret(text)
