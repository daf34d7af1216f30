"""A page printed to PDF by a Chromium that is installed; decisions/0016 says why. Nothing is fetched or run on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from setright.integrations.error import IntegrationError

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge", "chrome")
TIMEOUT_S = 120
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def pdf(page: Iterable[str]) -> bytes:
    """Raises IntegrationError where no browser is there, or where it does not print."""
    browser = os.environ.get("SETRIGHT_BROWSER") or next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise IntegrationError("a PDF is printed by Chromium, which is not installed; write --format html and print that")
    with TemporaryDirectory(prefix="setright-report-") as folder:
        source, made = Path(folder, "report.html"), Path(folder, "report.pdf")
        with source.open("w", encoding="utf-8") as file:
            file.writelines(page)
        sandbox = (
            ("--no-sandbox",) if os.geteuid() == 0 else ()
        )  # Chromium refuses root otherwise; the page is ours and runs nothing
        command = [browser, *OPTIONS, *sandbox, f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", source.as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
            return made.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise IntegrationError(f"{browser} does not print the report: {error}; write --format html and print that") from error
