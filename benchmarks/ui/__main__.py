"""`make bench-ui`: the web UI in a browser on a running stack: first paint, frames, interactions, memory."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import measures
import report
import typer
import web_ui
from darkroom_local.background import stack_process
from darkroom_local.servers.blocking import running
from darkroom_local.state import StateDir
from playwright.sync_api import sync_playwright
from support.browser import QUIET, installed_browser


def main(
    minutes: Annotated[float, typer.Option(min=0.2, help="How long events flow while memory is watched.")] = 10,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/ui.md.")] = False,
) -> None:
    """Measure, print the table, and say which targets were met."""
    if web_ui.built_files() is None:
        raise typer.BadParameter("the pages have not been built: make ui")
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as name, sync_playwright() as playwright:
        program = installed_browser(playwright)
        if program is None:
            raise typer.BadParameter("there is no browser: apt-get install chromium")
        state = StateDir(Path(name, "stack"))
        state.make()
        env = os.environ | {"XDG_STATE_HOME": name}
        with running(stack_process(state, ["--free-ports", "--profile", "tiny"], env), state.log_file):
            browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
            found = measures.measure(browser, state, minutes)
            browser.close()
    text = report.page(found)
    print(text)
    if write:
        report.DOCUMENT.write_text(text)


if __name__ == "__main__":
    typer.run(main)
