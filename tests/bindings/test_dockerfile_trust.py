"""What a RUN takes in without asking who made it."""

import pytest

from setright.bindings.layouts._dockerfile_trust import taken_on_trust
from setright.bindings.layouts._shell_words import commands


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("curl -k https://a", "unchecked"),
        ("curl -fsSLk https://a", "unchecked"),
        ("curl -Lko a https://a", "unchecked"),
        ("curl --insecure https://a", "unchecked"),
        ("wget -q --no-check-certificate https://a", "unchecked"),
        ("pip3 install --trusted-host a b", "unchecked"),
        ("git -c http.sslVerify=false clone https://a", "unchecked"),
        ("git config --global http.sslVerify false", "unchecked"),
        ("GIT_SSL_NO_VERIFY=1 git clone https://a", "unchecked"),
        ("npm config set strict-ssl=false", "unchecked"),
        ("yarn config set 'strict-ssl' false", "unchecked"),
        ("yum-config-manager --save --setopt=a.sslverify=0", "unchecked"),
        ("conda config --set ssl_verify false", "unchecked"),
        ("export NODE_TLS_REJECT_UNAUTHORIZED=0; npm ci", "unchecked"),
        ("apt-get install -y --force-yes a", "unsigned"),
        ("apt -o APT::Get::AllowUnauthenticated=true install a", "unsigned"),
        ("apk add --allow-untrusted a.apk", "unsigned"),
        ("microdnf install --nogpgcheck a", "unsigned"),
        ("rpm -i --nodigest a.rpm", "unsigned"),
        ("zypper --no-gpg-checks in a", "unsigned"),
        ("echo 'deb [arch=amd64 trusted=yes] https://a b main' >> /etc/apt/sources.list", "unsigned"),
        ("echo a:b | chpasswd", "gives-login"),
        ("useradd -m -p x a", "gives-login"),
    ],
)
def test_what_is_taken_on_trust_is_told(text: str, key: str) -> None:
    assert [*taken_on_trust(text, commands(text))] == [key]


@pytest.mark.parametrize(
    "text",
    [
        "curl -fsSLo key https://a",
        "curl -o -k.txt https://a",
        "curl -H 'X: k' --key k https://a",
        "kubectl --insecure-skip-tls-verify get a",
        "wget -O k https://a",
        "git config --global http.sslVerify true && GIT_SSL_NO_VERIFY=0 git clone https://a",
        "npm config set strict-ssl true",
        "apt-get install -y a && dnf install -y --setopt=gpgcheck=1 b",
        "useradd --uid 10001 a && mkdir -p x",
    ],
)
def test_what_is_checked_is_not(text: str) -> None:
    assert taken_on_trust(text, commands(text)) == {}
