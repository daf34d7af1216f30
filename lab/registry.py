"""A real registry of container images on a loopback port of its own, open, behind a password, or behind tokens.

    python lab/registry.py          prints its name, stops it at Enter

Source: distribution.github.io, Configuring a registry; Token Authentication Implementation. Debian: docker-registry.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

LOGIN = "ops:right horse"
HASHED = "ops:$2b$04$kCHgvYLZkibIieXFcXJeDe8GA056Arrc7QAr/UnzHkdRmNjLKO8g6\n"  # of LOGIN
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
TIMEOUT_S = 20.0


@contextmanager
def registry(auth: str = "") -> Iterator[str]:
    """Its name as images say it, ``127.0.0.1:PORT``. `auth`: none, ``password``, or ``token`` (LOGIN is right for both).

    It is filled before it asks for a login: `push` needs an open one. Raises RuntimeError where it does not start.
    """
    with tempfile.TemporaryDirectory() as folder, _tokens(Path(folder)) as realm:
        port = _free_port()
        with _serving(Path(folder), port, ""):
            for tag in ("1.4", "latest"):
                push(f"127.0.0.1:{port}", "shop/web", tag, f"web {tag}")
        asked = {
            "password": {"htpasswd": {"realm": "lab", "path": f"{folder}/htpasswd"}},
            "token": {"token": _trusted(folder, realm)},
        }
        with _serving(Path(folder), port, json.dumps(asked.get(auth, {}))):
            yield f"127.0.0.1:{port}"


def push(where: str, name: str, tag: str, words: str) -> str:
    """Puts an image of these words behind the tag; its digest."""
    blob = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"words": words}}}).encode()
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    upload = _call("POST", f"http://{where}/v2/{name}/blobs/uploads/", b"")["location"]
    _call("PUT", f"{upload}{'&' if '?' in upload else '?'}digest={digest}", blob)
    config = {"mediaType": CONFIG, "digest": digest, "size": len(blob)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}).encode()
    return _call("PUT", f"http://{where}/v2/{name}/manifests/{tag}", manifest, MANIFEST)["docker-content-digest"]


def _call(method: str, url: str, data: bytes, media: str = "application/octet-stream") -> dict[str, str]:
    with urlopen(Request(url, data, {"Content-Type": media}, method=method), timeout=TIMEOUT_S) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}


@contextmanager
def _serving(folder: Path, port: int, auth: str) -> Iterator[None]:
    program = shutil.which("docker-registry")
    if program is None:
        raise RuntimeError("docker-registry is not installed; on Debian: apt-get install docker-registry")
    (folder / "htpasswd").write_text(HASHED)
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": f"{folder}/images"}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    settings |= {"auth": json.loads(auth)} if auth not in ("", "{}") else {}
    (folder / "config.yml").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "serve", f"{folder}/config.yml"], stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "log")
        yield
    finally:
        server.terminate()
        server.wait(TIMEOUT_S)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"docker-registry did not start: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


# --- tokens: a server that gives them, and a certificate that the registry trusts -----------------------------------------


@contextmanager
def _tokens(folder: Path) -> Iterator[str]:
    """The realm of a server that signs a token for whoever logs in with LOGIN."""
    key = _signing_key(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            is_known = self.headers.get("Authorization") == "Basic " + base64.b64encode(LOGIN.encode()).decode()
            body = json.dumps({"token": _token(key, folder, asked)} if is_known else {"details": "incorrect login"}).encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()


def _trusted(folder: str, realm: str) -> dict[str, str]:
    return {"realm": realm, "service": "lab", "issuer": "lab", "rootcertbundle": f"{folder}/cert.pem"}


def _signing_key(folder: Path) -> Any:
    """An EC key, with its self-signed certificate written beside."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, start + timedelta(days=30))
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return key


def _token(key: Any, folder: Path, asked: dict[str, str]) -> str:
    """A JSON web token for the scope that was asked for, signed, with the certificate in its head."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    lines = (folder / "cert.pem").read_text().splitlines()
    sort, name, actions = asked["scope"].split(":")
    now = int(time.time())
    claims = {"iss": "lab", "sub": "ops", "aud": asked["service"], "exp": now + 300, "nbf": now - 5, "iat": now, "jti": str(now)}
    claims["access"] = [{"type": sort, "name": name, "actions": actions.split(",")}]
    head = {"typ": "JWT", "alg": "ES256", "x5c": ["".join(lines[1:-1])]}
    signed = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


if __name__ == "__main__":
    with registry() as where:
        input(f"{where}/shop/web:1.4  (Enter stops it) ")
