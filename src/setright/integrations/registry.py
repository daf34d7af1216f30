"""A registry of container images asked which digest a tag stands for now.

OCI Distribution Specification 1.1 (pulling manifests); Docker's token authentication (distribution.github.io, Token
Authentication Specification); docker-credential-helpers (what answers `get`). Nothing is pulled: a HEAD names the digest.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from setright.integrations.error import IntegrationError
from setright.integrations.http import LOOPBACK, Response, request

HUB = "docker.io"
HUB_API = "registry-1.docker.io"
HUB_LOGIN = "https://index.docker.io/v1/"  # the name that docker login gives Docker Hub
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")
NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
HELPER_TIMEOUT_S = 20.0
TOKEN_USER = "<token>"  # what a helper calls the user of an identity token  # noqa: S105 - a name, no secret


class ImageReference(NamedTuple):
    """An image reference taken apart: ``nginx`` is docker.io, library/nginx, latest."""

    registry: str
    name: str
    tag: str


def image_reference(reference: str) -> ImageReference:
    """Raises IntegrationError for what is no reference by tag."""
    first, slash, rest = reference.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    registry, path = (first, rest) if is_host else (HUB, reference)
    name, colon, tag = path.partition(":")
    if registry == HUB and "/" not in name:
        name = f"library/{name}"
    if not HOST.fullmatch(registry) or not NAME.fullmatch(name) or (colon and not TAG.fullmatch(tag)):
        raise IntegrationError(f"{reference}: is no image by a tag; write it as registry/name:tag")
    return ImageReference(registry, name, tag or "latest")


class Registries:
    """Registries, each with the login that `docker login` left for it, and the tokens they gave."""

    def __init__(self, config: Path | None = None) -> None:
        folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        self._config = config or folder / "config.json"
        self._tokens: dict[tuple[str, str], str] = {}

    def digest(self, reference: str) -> str:
        """``sha256:...`` of the manifest or index that the tag stands for now. Raises IntegrationError, saying what to do."""
        image = image_reference(reference)
        answer = self._ask("HEAD", image)
        if answer.status in (404, 405):  # some registries know no HEAD
            answer = self._ask("GET", image)
        if answer.status != 200:
            raise IntegrationError(f"{reference}: {_refusal(image, answer)}")
        digest = answer.headers.get("docker-content-digest", "")
        if not DIGEST.fullmatch(digest):
            raise IntegrationError(f"{reference}: {image.registry} names no digest; it keeps to no OCI Distribution Specification")
        return digest

    def _ask(self, method: str, image: ImageReference) -> Response:
        """The answer about a tag's manifest, after the login that the registry asks for."""
        url = f"{_base(image.registry)}/v2/{image.name}/manifests/{image.tag}"
        known = self._tokens.get((image.registry, image.name), "")
        answer = request(method, url, None, {"Accept": MANIFESTS, **({"Authorization": known} if known else {})})
        if answer.status != 401 or known:
            return answer
        given = self._authorization(image, answer.headers.get("www-authenticate", ""))
        if not given:
            return answer
        self._tokens[image.registry, image.name] = given
        return request(method, url, None, {"Accept": MANIFESTS, "Authorization": given})

    def _authorization(self, image: ImageReference, challenge: str) -> str:
        """What to send so that the challenge is met; empty where no login is known that could."""
        scheme, _, words = challenge.partition(" ")
        login = self._login(image.registry)
        if scheme.lower() == "basic":
            return _basic(login)
        said = dict(CHALLENGE.findall(words))
        realm = said.get("realm", "")
        if scheme.lower() != "bearer" or not _is_private(realm):
            return ""
        asked = {"service": said.get("service", ""), "scope": said.get("scope") or f"repository:{image.name}:pull"}
        return _token(realm, asked, login)

    def _login(self, registry: str) -> tuple[str, str]:
        """User and password, or empty ones. Raises IntegrationError for a configuration that cannot be read."""
        try:
            config = json.loads(self._config.read_text("utf-8"))
        except FileNotFoundError:
            return "", ""
        except (OSError, ValueError) as error:
            raise IntegrationError(f"{self._config}: cannot be read: {error}; `docker login` writes it") from error
        names = (HUB_LOGIN, HUB) if registry == HUB else (registry, f"https://{registry}")
        config = config if isinstance(config, dict) else {}
        helpers = config.get("credHelpers") or {}
        for name in names:
            helper = helpers.get(name) or config.get("credsStore")
            login = _helped(str(helper), name) if helper else _kept(config, name)
            if login != ("", ""):
                return login
        return "", ""


def _base(registry: str) -> str:
    host = HUB_API if registry == HUB else registry
    return f"{'http' if urlsplit(f'//{host}').hostname in LOOPBACK else 'https'}://{host}"


def _is_private(realm: str) -> bool:
    """Whether a login may be sent there: never in the clear but to this machine."""
    parts = urlsplit(realm)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _token(realm: str, asked: Mapping[str, str], login: tuple[str, str]) -> str:
    """A bearer token for pulling. `login` may be empty: public images need none; an identity token is exchanged."""
    user, secret = login
    if user == TOKEN_USER:
        form = urlencode({**asked, "grant_type": "refresh_token", "client_id": "setright", "refresh_token": secret})
        answer = request("POST", realm, form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    else:
        basic = _basic(login)
        answer = request("GET", f"{realm}?{urlencode(asked)}", None, {"Authorization": basic} if basic else {})
    data = answer.data if isinstance(answer.data, dict) else {}
    token = data.get("token") or data.get("access_token")
    if answer.status != 200 or not isinstance(token, str):
        raise IntegrationError(f"{realm}: gives no token ({answer.status}); check the login with `docker login`")
    return f"Bearer {token}"


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode() if any(login) else ""


def _kept(config: Mapping[str, Any], name: str) -> tuple[str, str]:
    """A login as the file itself holds it."""
    entry = (config.get("auths") or {}).get(name) or {}
    if entry.get("identitytoken"):
        return TOKEN_USER, str(entry["identitytoken"])
    try:
        user, _, secret = base64.b64decode(str(entry.get("auth") or "")).decode().partition(":")
    except ValueError as error:
        raise IntegrationError(f"the login of {name} is no base64; `docker login {name}` writes it anew") from error
    return user, secret


def _helped(helper: str, name: str) -> tuple[str, str]:
    """A login that a credential helper keeps; empty where it has none."""
    program = f"docker-credential-{helper}"
    try:
        ran = subprocess.run([program, "get"], input=name, capture_output=True, text=True, timeout=HELPER_TIMEOUT_S, check=False)
        told = json.loads(ran.stdout) if ran.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise IntegrationError(f"{program}: gives no login for {name}: {error}; is it installed?") from error
    return str(told.get("Username", "")), str(told.get("Secret", ""))


def _refusal(image: ImageReference, answer: Response) -> str:
    """Why a registry does not say, and the way out."""
    where = image.registry
    if answer.status in (401, 403):
        return f"{where} does not let us read it ({answer.status}), or there is none; `docker login {where}` first"
    if answer.status == 404:
        return f"{where} has no tag {image.tag} of {image.name}; was it removed?"
    if answer.status == 429:
        return f"{where}: its rate limit is used up; log in, or run this again later"
    return f"{where} answered {answer.status}; run this again"
