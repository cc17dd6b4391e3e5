"""docs/log-events.md is what the code logs."""

import re

import pytest
from support.log_events_page import PAGE, SECTIONS, LogEvent, UnreadableLogCall, events_in, events_of, generate

from contract.repository import ROOT

SECRETS = {"prompt", "payload", "password", "secret", "token", "url", "api_key", "authorization"}
EVENTS = [event for members in SECTIONS.values() for event in events_in(members)]


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == generate(), "run `make log-events-page` and commit what changed"


def test_no_line_has_a_field_for_what_must_not_be_logged() -> None:
    assert not [event for event in EVENTS if SECRETS & set(event.fields)]


def test_every_module_with_a_logger_is_on_the_page() -> None:
    known = {event.module for event in EVENTS}
    makes_one = re.compile(r"^log = (logging\.getLogger|get_logger)\(", re.MULTILINE)
    members = [member for names in SECTIONS.values() for member in names]
    for folder in [path / "src" for member in members for path in ROOT.glob(f"*/{member}")]:
        for file in folder.rglob("*.py"):
            if makes_one.search(file.read_text()):
                assert ".".join(file.relative_to(folder).with_suffix("").parts) in known


def test_calls_are_read_in_all_their_forms() -> None:
    source = """
def work(status, key):
    write = log.info if status else log.debug
    write("Request served", status=status, **({"key": key} if key else {}))
    level = logging.WARNING if key else logging.ERROR
    what = "It ended"
    log.log(level, what, extra={"step_id": key}, exc_info=True)
    get_logger(__name__).warning("Record %s is unreadable", key)
    other.info("no log line")
"""
    assert set(events_of(source, "m")) == {
        LogEvent("Request served", ("info", "debug"), "m", ("status", "key")),
        LogEvent("It ended", ("error", "warning"), "m", ("step_id",)),
        LogEvent("Record {…} is unreadable", ("warning",), "m", ()),
    }


def test_a_sentence_that_the_page_cannot_show_is_refused() -> None:
    with pytest.raises(UnreadableLogCall, match="m:3"):
        list(events_of("\ndef work(text):\n    log.info(text)\n", "m"))
