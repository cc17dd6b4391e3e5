"""Signed links and tickets: for one thing, for one purpose, for a while."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from darkroom_schemas.ids import AssetId, JobId, UserId
from platform_api.domain.assets.signed_urls import TicketHolder, UrlSigner, Variant

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
ASSET = AssetId("a1")


def allowed(urls: UrlSigner, link: str, at: datetime, variant: Variant = Variant.CONTENT) -> bool:
    query = parse_qs(urlsplit(link).query)
    return urls.allows(ASSET, variant, int(query["expires"][0]), query["signature"][0], at)


def test_link_is_valid_for_a_day_and_its_own_bytes(urls: UrlSigner) -> None:
    link = urls.url(ASSET, Variant.CONTENT, NOW)
    assert link.startswith("https://darkroom.example/api/assets/a1/content?")
    assert allowed(urls, link, NOW + timedelta(hours=24))
    assert not allowed(urls, link, NOW + timedelta(hours=25))
    assert not allowed(urls, link, NOW, Variant.THUMBNAIL)


def test_link_stays_the_same_within_the_hour(urls: UrlSigner) -> None:
    first = urls.url(ASSET, Variant.CONTENT, NOW)
    assert first == urls.url(ASSET, Variant.CONTENT, NOW + timedelta(minutes=20))


def test_another_secret_signs_otherwise(urls: UrlSigner) -> None:
    other = UrlSigner("t" * 32, "https://darkroom.example")
    assert not allowed(urls, other.url(ASSET, Variant.CONTENT, NOW), NOW)


def test_ticket_names_its_holder_for_its_job_until_it_expires(urls: UrlSigner) -> None:
    ticket = urls.ticket(UserId("u1"), JobId("j1"), NOW)
    assert urls.ticket_holder(ticket, JobId("j1"), NOW) == TicketHolder(UserId("u1"), None)
    assert urls.ticket_holder(ticket, JobId("j2"), NOW) is None
    assert urls.ticket_holder(ticket.replace("u1", "u2"), JobId("j1"), NOW) is None
    assert urls.ticket_holder(ticket, JobId("j1"), NOW + timedelta(hours=1)) is None


def test_ticket_names_the_key_that_it_was_made_with(urls: UrlSigner) -> None:
    ticket = urls.ticket(UserId("u1"), JobId("j1"), NOW, "k1")
    assert urls.ticket_holder(ticket, JobId("j1"), NOW) == TicketHolder(UserId("u1"), "k1")
    for changed in ("k2", ""):
        assert urls.ticket_holder(ticket.replace("k1", changed), JobId("j1"), NOW) is None
