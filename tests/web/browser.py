"""A real browser, driven over WebDriver (w3.org/TR/webdriver2) by Chromium's own driver: no library is needed."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from tests.integrations.test_rsyslog import free_port

DRIVER = os.environ.get("SETRIGHT_CHROMEDRIVER") or shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"


class Browser:
    """One window."""

    def __init__(self, url: str, session: str) -> None:
        self._url = f"{url}/session/{session}"

    def call(self, method: str, path: str, **body: Any) -> Any:
        return _call(self._url + path, method, body)

    def open(self, url: str) -> None:
        self.call("POST", "/url", url=url)

    def find(self, css: str) -> str:
        return str(self.call("POST", "/element", using="css selector", value=css)[ELEMENT])

    def press(self, css: str) -> None:
        self.call("POST", f"/element/{self.find(css)}/click")

    def send(self, css: str) -> None:
        """Presses a button and waits for the page that answers."""
        self.run("window.left = true")
        self.press(css)
        until = time.monotonic() + 30
        while self.run("return window.left || document.readyState != 'complete'"):
            assert time.monotonic() < until, "no page answered"
            time.sleep(0.05)

    def type(self, css: str, text: str) -> None:
        self.call("POST", f"/element/{self.find(css)}/value", text=text)

    def text(self) -> str:
        return str(self.run("return document.body.innerText"))

    def run(self, script: str, *words: Any) -> Any:
        return self.call("POST", "/execute/sync", script=script, args=list(words))


@contextmanager
def browser() -> Iterator[Browser]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    assert DRIVER
    driver = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.PIPE, text=True)
    try:
        assert driver.stdout
        for line in driver.stdout:
            if "started successfully" in line:
                break
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]}
        made = _call(f"{url}/session", "POST", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        yield Browser(url, made["sessionId"])
        _call(f"{url}/session/{made['sessionId']}", "DELETE", {})
    finally:
        driver.terminate()
        driver.wait(10)


def _call(url: str, method: str, body: dict[str, Any]) -> Any:
    request = Request(url, json.dumps(body).encode() if method == "POST" else None, method=method)
    with urlopen(request, timeout=120) as answer:
        return json.load(answer)["value"]
