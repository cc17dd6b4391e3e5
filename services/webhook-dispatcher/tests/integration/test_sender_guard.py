"""No form of a private address gets a webhook: literal, by DNS, among public ones, by a redirect."""

from ipaddress import ip_network

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from darkroom_outbound import OutboundPolicy
from darkroom_schemas.ids import TenantId
from support.address_forms import PRIVATE, UNUSUAL
from support.site import Answers, serving_site
from webhook_dispatcher.clients.sender import WebhookSender
from webhook_dispatcher.domain.delivery import Attempted, Credentials, DueDelivery
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.signature import new_secret

POLICY = OutboundPolicy((ip_network("127.0.0.1/32"),))
"""The address of the test's own server is allowed; no other one is."""


async def sent(sender: WebhookSender, url: str) -> Attempted:
    credentials = Credentials((new_secret(),), {})
    delivery = DueDelivery(
        id=1, endpoint_id="e", tenant=TenantId("t"), url=url, credentials=credentials, message_id="msg_1",
        event_type="job.completed", body=b'{"type":"job.completed"}', attempts=0, replayed_from=0, schedule_s=None,
        dialect=Dialect.STANDARD, ed25519=False,
    )  # fmt: skip
    return await sender.send(delivery, credentials)


def is_refused(attempted: Attempted) -> bool:
    error = attempted.error or ""
    named = error == "blocked address" or error.startswith("refused URL: must ")
    return named and attempted.status is None and attempted.answer is None


@pytest.mark.parametrize("address", [form for form in (*PRIVATE, *UNUSUAL) if form != "127.0.0.1"])
async def test_a_webhook_reaches_no_private_address(address: str) -> None:
    literal = f"http://[{address}]/" if ":" in address else f"http://{address}/"
    dns = {"name.example": [[address]], "mixed.example": [[address, "127.0.0.1"]]}
    async with serving_site() as site:
        site.redirects["/redirect"] = (307, literal)
        sender = WebhookSender(POLICY, Ed25519PrivateKey.generate(), timeout_s=5, resolver=Answers(dns))
        async with sender:
            redirected = await sent(sender, site.url("/redirect"))
            mixed = await sent(sender, site.url("/mixed", "mixed.example"))
            if not address.endswith("127.0.0.1"):
                assert is_refused(await sent(sender, literal))
                assert is_refused(await sent(sender, site.url("/", "name.example")))
        assert (redirected.status, redirected.error) == (307, "HTTP 307"), "redirects are not followed"
        assert mixed.status == 200
        assert [path for _, path, _, _ in site.received] == ["/redirect", "/mixed"]
