"""Secrets of every sort, planted wherever configuration holds them: nothing that the program says or keeps shows one."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from lab import postgres

from setright.cli import main
from tests.content import warm

PEM = "MIIEpAIBAAKCAQEAplantedPrivateKeyBody0123456789"
SECRETS = {
    "password in HCL": "Hcl-Correct-Horse-71",
    "password in a heredoc": "Heredoc-Battery-Staple-72",
    "password in YAML": "Yaml-Tr0ub4dor-73",
    "password in a Secret": "Stringdata-Hunter-74",
    "password in JSON": "Json-Opensesame-75",
    "password in key=value": "Keyvalue-Swordfish-76",
    "password in ENV": "Env-Letmein-77",
    "password in a command": "Run-Qwertyuiop-78",
    "password in a default": "Default-Abracadabra-79",
    "password behind an expression": "Lookup-Mellon-80",
    "password in what cannot be parsed": "Broken-Shibboleth-81",
    "private key": PEM,
    "AWS secret key": "wJalrXUtnFEMIplantedbPxRfiCYEXAMPLEKEY12",
    "GitHub token": "ghp_plantedPlantedPlanted0123456789abcd",
    "GitLab token": "glpat-plantedPlanted0123456",
    "Slack token": "xoxb-123456789012-plantedPlanted",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoidHJ1ZSJ9.cGxhbnRlZHBsYW50ZWQ",
    "connection string": "Dsn-Xyzzy-82",
    "shadow hash": "$6$plantedsalt$" + "Pl4nt3d" * 12 + "/.",
    "yescrypt hash": "$y$j9T$plantedplanted$X3DX6M94c7oPLANTED9agCG9G317fhZg9SqC5i5rd",
    "SCRAM verifier": "SCRAM-SHA-256$4096:cGxhbnRlZHNhbHQ=$cGxhbnRlZHN0b3JlZA==:cGxhbnRlZHNlcnZlcg==",
    "bind password": "Bind-Plugh-83",
}
S = SECRETS

SOURCES = {
    "main.tf": f"""\
resource "aws_db_instance" "shop" {{
  identifier              = "shop"
  password                = "{S["password in HCL"]}"
  storage_encrypted       = false
  backup_retention_period = 1 # glab login --token {S["GitLab token"]}
  publicly_accessible     = lookup({{ token = "{S["password behind an expression"]}" }}, var.x)
  tags = {{
    DSN = "postgres://shop:{S["connection string"]}@db.example.com/shop"
  }}
}}

variable "db_password" {{
  default = "{S["password in a default"]}"
}}

resource "aws_s3_bucket" "data" {{
  bucket = "data"
  # AWS_SECRET_ACCESS_KEY={S["AWS secret key"]}
}}

resource "aws_instance" "web" {{
  ami       = "ami-1"
  user_data = <<-EOT
    export DB_PASSWORD={S["password in a heredoc"]}
  EOT
}}
""",
    "k8s/web.yaml": f"""\
apiVersion: v1
kind: Secret
metadata: {{name: db}}
stringData:
  anything: {S["password in a Secret"]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: web:1.4
        env:
        - name: DB_PASSWORD
          value: {S["password in YAML"]}
        - {{name: SLACK, value: {S["Slack token"]}}}
        securityContext:
          privileged: true   # {S["JWT"]}
        command: [web, --token, {S["GitHub token"]}]
""",
    "stack.json": json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {
                "Db": {
                    "Type": "AWS::RDS::DBInstance",
                    "Properties": {"MasterUserPassword": S["password in JSON"], "StorageEncrypted": False},
                },
                "Key": {"Type": "AWS::KMS::Key", "Properties": {"Description": S["SCRAM verifier"]}},
            },
        },
        indent=2,
    ),
    "Dockerfile": f"""\
FROM debian:latest
ENV DB_PASSWORD={S["password in ENV"]}
ARG NPM_TOKEN={S["GitHub token"]}
ADD https://ci:{S["connection string"]}@example.com/app.tar.gz /app/
RUN apt-get update && apt-get install -y curl && curl -u "ci:x" --password {S["password in a command"]} https://example.com
CMD ["web"]
""",
    "broken/main.tf": f'resource "aws_kms_key" "k" {{\n  password = "{S["password in what cannot be parsed"]}" oops\n}}\n',
    "broken/pod.yaml": f"apiVersion: v1\nkind: Pod\npassword: {S['password in what cannot be parsed']}: [\n",
    "broken/stack.json": f'{{"AWSTemplateFormatVersion": "1", "password": "{S["password in what cannot be parsed"]}" "x"}}\n',
    "broken/Dockerfile": f"FROM x\nPASSWORD={S['password in what cannot be parsed']}\n",
}
ROOT = {
    "etc/shadow": f"root:{S['shadow hash']}:19000:0:99999:7:::\nann:{S['yescrypt hash']}:19000:0:99999:7:::\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "etc/ssh/sshd_config": f"# {S['GitHub token']}\nPermitRootLogin yes\nSetEnv DB_PASSWORD={S['password in key=value']}\n",
    "etc/ssh/sshd_config.d/broken.conf": f'PermitRootLogin "{S["password in what cannot be parsed"]}\n',
    "etc/ssh/ssh_host_ed25519_key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PEM}\n-----END OPENSSH PRIVATE KEY-----\n",
    "etc/login.defs": f"PASS_MAX_DAYS 99999\nMAIL_PASSWORD {S['password in key=value']}\nUMASK 022\n",
    "etc/sysctl.d/10-a.conf": f"# password = {S['password in key=value']}\nnet.ipv4.ip_forward = 1\n",
}
ACTING = ("fix", "rollback")
PROGRAM = [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')"]


class Site:
    """A place where the program runs; `said` holds what it wrote, by what it was asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: dict[str, bytes] = {}
        self.env = {**os.environ, "SETRIGHT_STATE": str(warm(home / "state")), "HOME": str(home)}

    def plant(self, files: dict[str, str], below: str) -> Path:
        for name, text in files.items():
            file = self.home / below / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return self.home / below

    def run(self, *words: str) -> bytes:
        """As a program of its own where something is changed, else in this process, which is quicker."""
        out, err = self.process(*words) if words[0] in ACTING else self.here(*words)
        self.said[" ".join(words)] = out + b"\n" + err
        return out

    def here(self, *words: str) -> tuple[bytes, bytes]:
        with contextlib.chdir(self.home):
            ran = CliRunner(env=self.env).invoke(main, words)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        return ran.stdout_bytes, ran.stderr_bytes

    def process(self, *words: str) -> tuple[bytes, bytes]:
        ran = subprocess.run(
            [*PROGRAM, *words],
            cwd=self.home,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        assert b"Traceback" not in ran.stderr, ran.stderr.decode()
        return ran.stdout, ran.stderr

    def whole_journey(self, *targets: str, formats: tuple[str, ...] = ("json",), later: dict[str, str] | None = None) -> None:
        """Every command on these targets; what is put right is rolled back at last, with `later` in the environment."""
        for form in formats:
            self.run("scan", *targets, "--baseline", "all", "--format", form)
        self.run("plan", *targets, "--baseline", "all", "-o", "plan.json", "--all-findings")
        fixed = json.loads(self.run("fix", *targets, "--baseline", "all", "--all", "--format", "json"))
        assert "verified" in {plan["outcome"] for plan in fixed["plans"]}, fixed
        self.run("explain", fixed["plans"][0]["hash"][:16])
        self.run("explain", fixed["plans"][0]["findings"][0], *targets)
        self.env |= later or {}
        back = json.loads(self.run("rollback", fixed["run"], "--format", "json"))
        assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}, back
        self.run("runs", "--format", "json")
        assert json.loads(self.run("ledger", "verify", "--format", "json"))["whole"]

    def written(self) -> Iterator[tuple[str, bytes]]:
        """What was said, and every file of the state directory and of the plan."""
        yield from self.said.items()
        for file in sorted([*(self.home / "state").rglob("*"), *self.home.glob("*.json")]):
            if file.is_file():
                yield str(file.relative_to(self.home)), file.read_bytes()


def guises(secret: str) -> Iterator[bytes]:
    """A secret as it is, and as it might be written: escaped, in base64 wherever it begins, in hex, in a URL."""
    plain = secret.encode()
    yield from {plain, json.dumps(secret)[1:-1].encode(), quote(secret, safe="").encode(), plain.hex().encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        yield encoded[4 if shift else 0 : -2]


def leaks(site: Site, secrets: dict[str, str]) -> list[str]:
    wanted = {name: tuple(guises(secret)) for name, secret in secrets.items()}
    return [
        f"{name} in {place}: ...{_around(data, guise)}..."
        for place, data in site.written()
        for name, all_guises in wanted.items()
        for guise in all_guises
        if guise in data
    ]


def _around(data: bytes, guise: bytes) -> str:
    at = data.index(guise)
    return data[max(0, at - 60) : at + len(guise) + 20].decode(errors="replace")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Site]:
    return lambda name: Site(tmp_path_factory.mktemp(name))


def test_a_search_that_finds_nothing_could_have_found_it(place):
    site = place("search")
    for number, guise in enumerate(guises(S["password in HCL"])):
        site.said[str(number)] = b"..." + guise + b"..."
    site.said["aligned"] = base64.b64encode(b"password=" + S["password in HCL"].encode())
    assert {leak.split()[4] for leak in leaks(site, S)} >= {f"{n}:" for n in range(len(site.said) - 1)} | {"aligned:"}


def test_no_secret_of_a_source_tree_is_said_or_kept(place):
    site = place("sources")
    tree = site.plant(SOURCES, "tree")
    before = {name: (tree / name).read_text() for name in SOURCES}
    site.whole_journey(str(tree), formats=("table", "json", "sarif", "ocsf", "junit", "markdown"))
    assert leaks(site, S) == []
    assert {name: (tree / name).read_text() for name in SOURCES} == before
    assert any(path.startswith("state/snapshots/") for path, _ in site.written())
    assert {p["locator"] for p in json.loads(site.said[f"scan {tree} --baseline all --format json"].split(b"\n\n")[0])["problems"]}


def test_no_secret_of_a_root_file_system_is_said_or_kept(place):
    site = place("root")
    root = site.plant(ROOT, "image")
    site.whole_journey(f"root:{root}", formats=("table", "json", "sarif"))
    assert leaks(site, S) == []
    assert (root / "etc" / "shadow").read_text() == ROOT["etc/shadow"]


HBA = f"""local all postgres trust
host all all 127.0.0.1/32 scram-sha-256
host app all 10.0.0.0/8 ldap ldapserver=ldap.example.com ldapbasedn=dc=x ldapbinddn=cn=x ldapbindpasswd={S["bind password"]}
host app all 192.0.2.0/24 trust
"""
LOGIN, WRONG = "Url-Password/%40-84", "Wrong-Password-85"


needs_postgres = pytest.mark.skipif(not postgres.available(), reason="PostgreSQL's server is not installed")


@needs_postgres
def test_no_secret_of_a_database_or_of_its_url_is_said_or_kept(place):
    site = place("postgres")
    with postgres.server(hba=HBA) as server:
        verifiers = given_passwords(server)
        url = f"postgres://admin:{quote(LOGIN, safe='')}@127.0.0.1:{server.port}/postgres"
        site.whole_journey(url, later={"PGPASSWORD": LOGIN})
        site.run("fix", url, "--control", "postgres/settings/log-*", "--dry-run")
    assert leaks(site, S | verifiers | {"URL": LOGIN, "quoted": quote(LOGIN, safe="")}) == []


@needs_postgres
def test_no_password_that_lets_nobody_in_is_said_either(place):
    site = place("wrong")
    with postgres.server(hba=HBA) as server:
        given_passwords(server)
        for url in (
            f"postgres://admin:{WRONG}@127.0.0.1:{server.port}/postgres",
            f"postgresql://admin@127.0.0.1:{server.port}/postgres?password={WRONG}",
            f"postgres://admin:{WRONG}@127.0.0.1:1/postgres",
            f"mysql://root:{WRONG}@127.0.0.1/x",
        ):
            for words in (("scan", "--format", "json"), ("scan",), ("plan",)):
                site.run(words[0], url, *words[1:])
    assert b"password authentication failed" in b"".join(site.said.values())
    assert leaks(site, {"wrong": WRONG}) == []


def given_passwords(server: postgres.Server) -> dict[str, str]:
    """Gives logins their passwords over the local socket; the verifiers the server keeps of them."""
    words = LOGIN.replace("'", "''")
    script = (
        f"SET password_encryption='scram-sha-256'; CREATE ROLE admin SUPERUSER LOGIN PASSWORD '{words}';"
        "CREATE ROLE app LOGIN SUPERUSER PASSWORD 'App-Planted-86';"
        "SELECT rolname || '=' || rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL"
    )
    psql = [
        str(postgres.binaries() / "psql"),
        "-XAtq",
        "-h",
        str(server.data),
        "-p",
        str(server.port),
        "-U",
        "postgres",
        "-c",
        script,
    ]
    told = subprocess.run(psql, capture_output=True, text=True, check=True).stdout
    verifiers = dict(re.findall(r"(?m)^(\w+)=(.+)$", told))
    assert verifiers.keys() == {"admin", "app"}
    return {f"verifier of {name}": verifier.partition("$")[2] for name, verifier in verifiers.items()} | {"app": "App-Planted-86"}
