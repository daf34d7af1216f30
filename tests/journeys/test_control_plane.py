"""Manifests of etcd, and a real etcd started by their words: who reads it before, and after the manifest was put right."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from setright.cli import main
from setright.dialect import read_mapping

pytestmark = pytest.mark.skipif(not shutil.which("etcd"), reason="needs etcd-server")

MANIFEST = """apiVersion: v1
kind: Pod
metadata: {{name: etcd, namespace: kube-system}}
spec:
  containers:
  - name: etcd
    command:
    - etcd
    - --data-dir={folder}/data
    - --listen-client-urls=https://127.0.0.1:{port}
    - --advertise-client-urls=https://127.0.0.1:{port}
    - --listen-peer-urls=http://127.0.0.1:0    # it is alone
    - --cert-file={folder}/cert.pem
    - --key-file={folder}/key.pem
"""
AUTHORITY = "    - --trusted-ca-file={folder}/cert.pem\n"
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab"
    " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
)
TIMEOUT_S = 30.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SETRIGHT_STATE", str(tmp_path / "state"))
    subprocess.run(CERTIFICATE.split(), cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "tree").mkdir()
    return tmp_path


def test_etcd_without_an_authority_lets_anybody_in_and_is_found(folder: Path) -> None:
    port, manifest = free_port(), folder / "tree" / "etcd.yaml"
    manifest.write_text(MANIFEST.format(folder=folder, port=port))
    with started(manifest, folder, port):
        assert version(port, folder, login=False)
    assert "critical" in scanned(manifest, "k8s/etcd/client-authority")


def test_etcd_with_an_authority_starts_by_what_was_written_and_asks_as_before(folder: Path) -> None:
    port, manifest = free_port(), folder / "tree" / "etcd.yaml"
    first = (MANIFEST + AUTHORITY).format(folder=folder, port=port)
    manifest.write_text(first)
    ran = CliRunner().invoke(main, ["fix", str(manifest.parent), "--all", "--control", "k8s/etcd/*"])
    assert ran.exit_code == 0
    assert manifest.read_text() == first + "    - --client-cert-auth=true\n"
    for text in (first, manifest.read_text()):
        manifest.write_text(text)
        with started(manifest, folder, port):
            assert version(port, folder, login=True)
            with pytest.raises((URLError, ssl.SSLError, ConnectionError)):
                version(port, folder, login=False)


def scanned(manifest: Path, control: str) -> str:
    ran = CliRunner().invoke(main, ["scan", str(manifest.parent), "--control", control])
    assert ran.exit_code == 1
    return ran.stdout


@contextmanager
def started(manifest: Path, folder: Path, port: int) -> Iterator[None]:
    """The program that the manifest names, by its words."""
    words = read_mapping(manifest)["spec"]["containers"][0]["command"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
    try:
        until = time.monotonic() + TIMEOUT_S
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert server.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(TIMEOUT_S)


def version(port: int, folder: Path, *, login: bool) -> bytes:
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    if login:
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with urlopen(f"https://127.0.0.1:{port}/version", timeout=TIMEOUT_S, context=context) as answer:
        return bytes(answer.read())


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
