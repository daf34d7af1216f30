"""No secret is shown, whatever it stands in; no setting is hidden that a reader needs."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from setright.engine import secret_text
from setright.engine.redact import fingerprint, redact_text, redact_value, without_password

KEY = b"k" * 32
SECRET = "hunter2-Zq9"
HIDDEN = fingerprint(SECRET, KEY)

ORDINARY = [
    ("compose.yaml", 'environment:\n  - "DB_PASSWORD=${DB_PASSWORD:?}" # of the shop\n'),
    (".github/workflows/a.yml", "      password: ${{ secrets.REGISTRY_PASSWORD }}\n"),
    ("/etc/ssh/sshd_config", "PasswordAuthentication no\nPermitEmptyPasswords no\nAuthorizedKeysFile .ssh/authorized_keys\n"),
    (
        "/etc/ssh/sshd_config",
        "HostKey /etc/ssh/ssh_host_ed25519_key\n# To disable tunneled clear text passwords, change to no here!\n",
    ),
    ("settings", "password_encryption = scram-sha-256\nssl_key_file = '/etc/ssl/private/key.pem'\n"),
    ("/etc/login.defs", "PASS_MAX_DAYS 365\nPASS_WARN_AGE\t7\nENCRYPT_METHOD YESCRYPT\n"),
    (
        "/etc/pam.d/common-password",
        "password requisite pam_pwquality.so retry=3\npassword\t[success=1 default=ignore]\tpam_unix.so use_authtok\n",
    ),
    ("/etc/pam.d/x", "password include system-auth\n"),
    ("/etc/nsswitch.conf", "passwd:         files systemd\nshadow: files\npasswd: files [NOTFOUND=return] ldap\n"),
    ("hba", "host all all 0.0.0.0/0 password\nhostssl all all all scram-sha-256 clientcert=verify-full\n"),
    ("nginx.conf", "proxy_pass http://backend:8080;\nfastcgi_pass unix:/run/php.sock;\nssl_certificate_key /etc/ssl/key.pem;\n"),
    ("pod.yaml", "secretName: web-tls\nautomountServiceAccountToken: false\nimagePullSecrets:\n- name: regcred\n"),
    ("pod.yaml", "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db, key: password}\n"),
    ("main.tf", 'metadata_options {\n  http_tokens = "required"\n}\npassword = var.db_password\nkms_key_id = aws_kms_key.x.arn\n'),
    ("main.tf", 'variable "password_length" {\n  default = "14"\n}\nvariable "token" {}\nvariable "b" {\n  default = "x1"\n}\n'),
    ("main.tf", 'resource "aws_ssm_parameter" "a" {\n  type  = "String"\n  value = "live"\n}\n'),
    ("main.tf", 'resource "azurerm_key_vault_secret" "a" {\n  value = random_password.a.result\n}\n'),
    ("main.tf", "password = random_password.db.result\nminimum_password_length = 14\npassword_reuse_prevention = 24\n"),
    ("main.tf", "x = <<EOT\nexport PASSWORD=${var.db_password}\nEOT\npassword = random_password.db.result\n"),
    (
        "template.yaml",
        "MasterUserPassword: !Ref DbPassword\nPassword: '{{resolve:secretsmanager:db}}'\nManageMasterUserPassword: true\n",
    ),
    (".github/workflows/ci.yml", "permissions:\n  contents: read\n  id-token: write\n"),
    ("compose.yaml", "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}\nPOSTGRES_PASSWORD_FILE: /run/secrets/db\n"),
    ("Dockerfile", "ENV PATH=/usr/bin PWD=/root\nARG VERSION=1.2\nRUN --mount=type=secret,id=token cat /run/secrets/token\n"),
    ("/etc/shadow", "root:!:19000:0:99999:7:::\nbin:*:19000:0:99999:7:::\n"),
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"),
    ("router", " neighbor 192.0.2.1 send-community both\n set community 65000:100 additive\n"),
    ("x", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ann@host\n"),
    (
        "x",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nd670460b4b4aece5915caf5c68d12f560a9fe3e4\n",
    ),
    ("stat:/etc/shadow", '{"path":"/etc/shadow","type":"file","owner":"root","group":"shadow","mode":"0640"}'),
    ("rewrite.conf", "rewrite ^/(.*)$ /$1$is_args$args last;\n"),
    ("x", "https://example.com:8443/a@b\ncommunity: false\ntoken: null\n"),
]

WITH_SECRET = [
    (".github/workflows/a.yml", "      password: ${{{{ secrets.A || '{}' }}}}\n"),
    ("main.tf", 'password = "{}"\n'),
    ("main.tf", 'variable "db_password" {{\n  type    = string\n  default = "{}"\n}}\n'),
    ("main.tf", 'variable "db_password" {{ default = "{}" }}\n'),
    ("main.tf", 'resource "aws_ssm_parameter" "a" {{\n  name  = "/a"\n  type  = "SecureString"\n  value = "{}"\n}}\n'),
    ("main.tf", 'resource "azurerm_key_vault_secret" "a" {{\n  name  = "a"\n  value = "{}"\n}}\n'),
    ("main.tf", 'resource "google_secret_manager_secret_version" "a" {{\n  secret_data = "{}"\n}}\n'),
    ("main.tf", "password = <<EOF\n{}\nEOF\nname = 1\n"),
    ("main.tf", "user_data = <<-EOT\n  export DB_PASSWORD={}\nEOT\nname = 1\n"),
    ("main.tf", "user_data = <<EOT\npassword: {}\n"),
    ("main.tf", "# AWS_SECRET_ACCESS_KEY={}\n"),
    ("main.tf", "x = 1 // token: {}\n"),
    ("main.tf", 'connection_string = var.x != "" ? var.x : "{}"\n'),
    ("main.tf", 'environment {{ name = "DB_PASSWORD"\n value = "{}" }}\n'),
    ("pod.yaml", "- name: DB_PASSWORD\n  value: {}\n"),
    ("pod.yaml", '- value: "{}"\n  name: DB_PASSWORD\n'),
    ("pod.yaml", "kind: Secret\ndata:\n  anything: {}\nmetadata: {{}}\n"),
    ("pod.yaml", "apiVersion: v1\n---\nkind: Secret\nstringData:\n  a.conf: |\n    first\n    {}\n"),
    ("a.yaml", "db:\n  password: |\n    {}\n    more\nname: x\n"),
    ("a.yaml", "password:\n  {}\nname: x\n"),
    ("a.yaml", "password: one\n  {}\nname: x\n"),
    ("a.yaml", 'password: "one\n  {}"\nname: x\n'),
    ("a.yaml", "- {{user: ann, password: {}, name: x}}\n"),
    ("a.yaml", "masterUserPassword: {} # for now\n"),
    ("a.yaml", "'api-key': 'it''s {}'\n"),
    ("a.json", '{{"auth_token": "{}", "name": "x"}}'),
    ("a.json", '{{"passwords": ["{}", "b"]}}'),
    ("a.json", '{{"inner": "{{\\"password\\": \\"{}\\"}}"}}'),
    ("task.json", '[{{"name": "API_TOKEN", "value": "{}"}}]'),
    ("stack.json", '[{{"ParameterKey": "DbPassword", "ParameterValue": "{}"}}]'),
    ("Dockerfile", "FROM x\nENV DB_PASSWORD {}\n"),
    ("Dockerfile", 'ENV A=1 DB_PASSWORD="{}" B=2\n'),
    ("Dockerfile", "ENV A=1 DB_PASSWORD={} B=2\n"),
    ("Dockerfile", "ARG NPM_TOKEN={}\n"),
    ("/etc/redis/redis.conf", "requirepass {}\n"),
    ("/etc/redis/redis.conf", 'masterauth "{}"\n'),
    ("/etc/snmp/snmpd.conf", "rocommunity {} 10.0.0.0/8\n"),
    ("/etc/snmp/snmpd.conf", "com2sec readonly default {}\n"),
    ("/etc/snmp/snmpd.conf", 'createUser ann SHA "{}" AES\n'),
    ("router", "snmp-server community {} RO\n"),
    ("router", "username ann privilege 15 secret 5 {}\n"),
    ("router", " neighbor 192.0.2.1 password 7 {}\n"),
    ("router", "tacacs-server key {}\n"),
    ("/etc/mysql/my.cnf", "[client]\npassword = {}\n"),
    ("/etc/keepalived/keepalived.conf", "authentication {{\n  auth_pass {}\n}}\n"),
    ("named.conf", 'key x {{ algorithm hmac-sha256; secret "{}"; }};\n'),
    ("/root/.netrc", "machine example.com login ann password {}\n"),
    ("/root/.pgpass", "db:5432:*:ann:{}\n"),
    ("/etc/pgbouncer/userlist.txt", '"ann" "{}"\n'),
    ("/etc/shadow", "ann:{}:19000:0:::\n"),
    ("", "postgres://ann:{}@db.example.com/x\n"),
    ("", "amqp://ann:p@{}@mq/x\n"),
    ("", "Server=db;User=ann;Password={};Encrypt=true\n"),
    ("", "host=db password={} user=ann\n"),
    ("", "curl --token {} https://example.com\n"),
    ("", "Authorization: Bearer {}\n"),
    ("", "ALTER ROLE ann PASSWORD '{}';\n"),
    ("", "CREATE USER ann IDENTIFIED BY '{}';\n"),
    ("", "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n"),
    ("", "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n"),
    ("", '{{"k": "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n"}}'),
    ("", "+requirepass {}\n"),
    ("", "export AWS_SECRET_ACCESS_KEY={}\n"),
    ("", "https://hooks.slack.com/services/{}\n"),
]

SHAPED = [
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    "$6$rounds=5000$saltsalt$" + "a" * 86,
    "$5$saltsalt$" + "a" * 43,
    "$1$salt$" + "a" * 22,
    "$apr1$salt$" + "a" * 22,
    "$2b$12$" + "a" * 53,
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
    "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVk:c2VydmVy",
    "md5" + "0123456789abcdef" * 2,
    "*" + "0123456789ABCDEF0123456789ABCDEF01234567",
    "{SSHA}c2FsdHNhbHRzYWx0c2FsdA==",
    "grub.pbkdf2.sha512.10000." + "AB" * 32,
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1" * 18,
    "github_pat_" + "a1" * 20,
    "glpat-" + "a1" * 10,
    "xoxb-1234567890-abcdef",
    "AIza" + "a" * 35,
    "sk_live_" + "a" * 24,
    "hvs." + "a" * 30,
    "AGE-SECRET-KEY-1" + "Q" * 58,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
]


@pytest.mark.parametrize(("locator", "text"), ORDINARY)
def test_an_ordinary_setting_is_shown_as_it_is(locator, text):
    assert redact_text(text, locator, KEY) == text


@pytest.mark.parametrize(("locator", "text"), WITH_SECRET)
def test_a_secret_under_a_key_or_in_its_place_is_not_shown(locator, text):
    redacted = redact_text(text.format(SECRET), locator, KEY)
    assert SECRET not in redacted
    assert "<secret sha256:" in redacted


@pytest.mark.parametrize(("locator", "text"), WITH_SECRET)
def test_redacting_twice_changes_nothing_more(locator, text):
    once = redact_text(text.format(SECRET), locator, KEY)
    assert redact_text(once, locator, KEY) == once


@pytest.mark.parametrize("secret", SHAPED)
@pytest.mark.parametrize("text", ["{}", "a: {} b", '"x": "{}",', "+\t{}\n"])
def test_a_secret_is_known_by_its_shape(secret, text):
    assert secret[8:] not in redact_text(text.format(secret), "", KEY)
    assert secret[8:] not in redact_value(("have",), text.format(secret), KEY)


def test_what_stands_around_a_secret_stays():
    assert redact_text(f'a = 1\npassword = "{SECRET}"\nb = 2\n', "main.tf", KEY) == f'a = 1\npassword = "{HIDDEN}"\nb = 2\n'
    assert redact_text(f"postgres://ann:{SECRET}@db/x", "", KEY) == f"postgres://ann:{HIDDEN}@db/x"


def test_a_fingerprint_tells_sameness_and_nothing_else():
    assert fingerprint("a", KEY) == fingerprint("a", KEY) != fingerprint("b", KEY)
    assert fingerprint("a", KEY) != fingerprint("a", b"j" * 32)
    assert fingerprint("a") == fingerprint("a") != fingerprint("a", KEY)


def test_values_are_redacted_by_their_keys_names_and_kinds():
    value = {
        "PermitRootLogin": "no",
        "requirepass": SECRET,
        "nested": [{"password": 12345, "name": "x"}, {"name": "API_TOKEN", "value": SECRET}],
        "url": f"redis://:{SECRET}@cache",
        "automountServiceAccountToken": False,
        "secret": {"secretName": "web-tls"},
        "passwords": [SECRET],
    }
    redacted = redact_value((), value, KEY)
    assert SECRET not in str(redacted) and "12345" not in str(redacted)
    assert redacted["PermitRootLogin"] == "no" and redacted["automountServiceAccountToken"] is False
    assert redacted["secret"] == {"secretName": "web-tls"} and redacted["nested"][1]["name"] == "API_TOKEN"
    assert redact_value((), {"kind": "Secret", "data": {"x": SECRET}, "type": "Opaque"}, KEY)["data"] == {"x": HIDDEN}
    assert redact_value(("db", "password"), SECRET, KEY) == HIDDEN


@given(st.text(), st.sampled_from(["", "x.yaml", "x.tf", "/etc/shadow", "Dockerfile", "x.json"]))
def test_any_text_can_be_redacted_and_redacted_again(text, locator):
    once = redact_text(text, locator, KEY)
    assert redact_text(once, locator, KEY).count("<secret") == once.count("<secret")


HOSTILE = [
    "a", "a:", "password=", 'password: "\n', " ", "\n", "-----BEGIN PRIVATE KEY-----\n", "name: password\nvalue: x\n", "[ \n",
    "password:\n  a\n", "password: |\n", "enable ", "\\", "password='", "createuser ", "$2$", "eyJaaaaaaaa.", "x://",
    "password: <<A\n", "value: x\n", "password: [\n", "password=no ", "authorization ", "com2sec a a ", "machine a ",
    "kind: Secret\ndata:\n", "<secret sha256:00000000>",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_text_takes_more_than_time_in_step_with_its_length(unit):
    def spent(length):
        text = (unit * length)[:length]
        began = time.process_time()
        for locator in ("x.yaml", "x"):
            redact_text(text, locator, KEY)
        return time.process_time() - began

    spent(1000)
    tries = ((spent(10_000), spent(160_000)) for _ in range(3))  # a machine that is busy may slow one of them down
    assert any(large < 0.5 or large < small * 16 * 4 for small, large in tries)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://ann:hunter2@db:5432/x", "postgres://ann@db:5432/x"),
        ("postgresql://ann:p/w#1@2?x@db/x?sslmode=require", "postgres://ann@db/x?sslmode=require"),
        ("postgres://ann@/x?host=/run&password=hunter2", "postgres://ann@/x?host=/run"),
        ("postgres://db/x?password=hunter2", "postgres://db/x"),
        ("mysql://:hunter2@db", "mysql://@db"),
        ("ssh://ops@web-1:22", "ssh://ops@web-1:22"),
        ("aws://?region=us-east-1&endpoint=http://127.0.0.1:5000", "aws://?region=us-east-1&endpoint=http://127.0.0.1:5000"),
        ("root:/mnt/image", "root:/mnt/image"),
        ("./a:b@c", "./a:b@c"),
    ],
)
def test_a_target_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown == without_password(shown)


@example("key-string 7 0822455D0A16")
@example("alter role a identified by 'x'")
@given(st.from_regex(re.compile(secret_text.IN_CONTEXT.pattern)))
def test_no_secret_stands_in_a_context_without_its_words(text):
    """The words are looked for first, so one that lacks would hide every secret of its context."""
    assert any(word in text.casefold() for word in secret_text.WORDS_OF_CONTEXT)
