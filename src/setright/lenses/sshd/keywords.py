"""The keywords of sshd_config and what their arguments are. Source: sshd_config(5) and servconf.c of OpenSSH 9.2 to 10.0."""

from __future__ import annotations

from typing import NamedTuple

DISPUTED = ("MaxStartups",)  # of several lines the last counts up to OpenSSH 9.2 at least
ADDING_UP = ("many", "items", "entries")


class Keyword(NamedTuple):
    """A keyword as the manual spells it, and the shape of its value.

    word   one argument                      words  several arguments, the first line wins
    flag   one of a few words, case ignored  many   several arguments, all lines add up
    upper  the same, in capitals             items  one argument, all lines add up
    text   one argument, never a number      entries  the same, but an argument is all that stands in the line
    time   an interval, in seconds           rest   all that stands in the line, ``#`` too
    comma  a list in one argument            match  criteria, up to a comment
    """

    name: str
    shape: str


_SHAPES = {
    "word": """AuthorizedKeysCommandUser AuthorizedPrincipalsCommandUser AuthorizedPrincipalsFile Banner ChrootDirectory
        ClientAliveCountMax HostKeyAgent MaxAuthTries MaxSessions ModuliFile PerSourceMaxStartups PidFile RDomain
        RequiredRSASize RevokedKeys SecurityKeyProvider SshdAuthPath SshdSessionPath TrustedUserCAKeys X11DisplayOffset
        XAuthLocation""",
    "text": "MaxStartups PerSourceNetBlockSize StreamLocalBindMask PerSourcePenaltyExemptList",
    "flag": """AddressFamily AllowAgentForwarding AllowStreamLocalForwarding AllowTcpForwarding Compression DebianBanner
        DisableForwarding ExposeAuthInfo GSSAPIAuthentication GSSAPICleanupCredentials GSSAPIKeyExchange
        GSSAPIStoreCredentialsOnRekey GSSAPIStrictAcceptorCheck GatewayPorts HostbasedAuthentication
        HostbasedUsesNameFromPacketOnly IgnoreRhosts IgnoreUserKnownHosts KbdInteractiveAuthentication
        KerberosAuthentication KerberosGetAFSToken KerberosOrLocalPasswd KerberosTicketCleanup PasswordAuthentication
        PermitEmptyPasswords PermitRootLogin PermitTTY PermitTunnel PermitUserEnvironment PermitUserRC PrintLastLog PrintMotd
        PubkeyAuthentication RefuseConnection StreamLocalBindUnlink StrictModes TCPKeepAlive UseDNS UsePAM X11Forwarding
        X11UseLocalhost""",
    "upper": "FingerprintHash LogLevel SyslogFacility",
    "time": "ClientAliveInterval LoginGraceTime UnusedConnectionTimeout",
    "comma": """CASignatureAlgorithms Ciphers GSSAPIKexAlgorithms HostKeyAlgorithms HostbasedAcceptedAlgorithms KexAlgorithms
        MACs PubkeyAcceptedAlgorithms""",
    "words": """AuthenticationMethods AuthorizedKeysFile ChannelTimeout IPQoS Include LogVerbose PerSourcePenalties PermitListen
        PermitOpen PubkeyAuthOptions RekeyLimit SetEnv""",
    "many": "AcceptEnv AllowGroups AllowUsers DenyGroups DenyUsers",
    "items": "HostCertificate HostKey Port",
    "entries": "ListenAddress Subsystem",
    "rest": "AuthorizedKeysCommand AuthorizedPrincipalsCommand ForceCommand VersionAddendum",
    "match": "Match",
}
_OLD_NAMES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "hostbasedacceptedkeytypes": "hostbasedacceptedalgorithms",
    "hostdsakey": "hostkey",
    "keepalive": "tcpkeepalive",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "skeyauthentication": "kbdinteractiveauthentication",
}
_KEYWORDS = {name.lower(): Keyword(name, shape) for shape, names in _SHAPES.items() for name in names.split()}
_KEYWORDS |= {old: _KEYWORDS[new] for old, new in _OLD_NAMES.items()}

SAME_WORDS = {
    ("AllowStreamLocalForwarding", "all"): "yes",
    ("AllowTcpForwarding", "all"): "yes",
    ("PermitRootLogin", "without-password"): "prohibit-password",
}


def keyword(written: str) -> Keyword:
    """The keyword that a word in any case means; an unknown one keeps its spelling."""
    return _KEYWORDS.get(written.lower()) or Keyword(written, "word")
