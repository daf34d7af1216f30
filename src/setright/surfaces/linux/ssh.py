"""A host reached by ssh: one connection for all the work on it, scripts on stdin, sudo where we are not root.

asyncssh (asyncssh.readthedocs.io) reads ~/.ssh/config, known_hosts, agent and identity files as OpenSSH's client does
(ssh_config(5)). A host key is never taken on trust: unknown and changed keys are refused, each with what to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import random
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from setright.surfaces.base import Cut, SurfaceError
from setright.surfaces.linux.background import background
from setright.surfaces.linux.banner import banner
from setright.surfaces.linux.root_shell import RootShell, root_shell
from setright.surfaces.linux.shell import Shell
from setright.surfaces.linux.sudo import WHO, Password, SudoRefused
from setright.surfaces.linux.transport import Ran, Running

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHClientConnectionOptions, SSHKey

Result = TypeVar("Result")
PAUSES_S = (0.4, 1.2)  # before a login that was dropped is tried again
REFUSED_PAUSES_S = (0.05, 0.2)
ONE_BY_ONE = "setright-one-by-one"  # what a connection keeps of itself once sshd has refused it a session
PATIENCE_S = 10.0  # with what was asked ahead
CUT = "the connection was cut; each document is either as before or wholly written: scan again to see"


class Ssh(Shell):
    """`timeout_s` bounds connecting and logging in. Opens its connection when it is first needed, and again if it is lost.
    `password` is sudo's, used where sudo asks for one."""

    def __init__(self, url: str, timeout_s: float = 15.0, password: Password | None = None) -> None:
        self.target = url
        self.host, self.port, self.user = _parsed(url)
        self.timeout_s = timeout_s
        self._lock = RLock()
        self._open: SSHClientConnection | None = None
        self._coming: Future[tuple[SSHClientConnection, str]] | None = None  # the first one, where it was begun beforehand
        self._peer: tuple[str, int] | None = None  # the address we came by, where no jump host is between
        self._password = password
        self._sudo = ""  # as `WHO` says it
        self._root: RootShell | None = None  # where sudo asks, or wants a terminal
        self._closed = False
        self._last: Future[Ran] | None = None  # what was started last: one session at a time, as MaxSessions may have it
        background.enter()

    def prepare(self) -> None:
        with self._lock:
            if self._open is None and self._coming is None:
                self._coming = background.start(self._connect())

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        return self.start(script, timeout_s).ended()

    def start(self, script: str, timeout_s: float = 60.0) -> Running:
        connection, root = self._ready()
        data = script.encode(errors="surrogateescape")
        if root is not None:
            work = partial(root.run, data, timeout_s)
        else:
            work = partial(_run, connection, "sudo -n sh" if self._sudo == "works" else "sh", data, timeout_s)
        self._last = background.start(_after(self._last, work))
        return _Running(self, self._last, timeout_s)

    def banner(self) -> str:
        """Asked of the address we came by. Through a jump host nothing but a whole new connection can tell."""
        if self._open is None:
            self._ready()
        return self._call(self._banner(), self.timeout_s)

    def reconnect(self) -> None:
        connection, sudo = self._call(self._connect(), self.timeout_s)
        try:
            if self._sudo == "works" or self._root is not None:
                self._prove(connection, sudo)
        finally:
            self._call(_ended(connection), self.timeout_s)

    def _prove(self, connection: SSHClientConnection, sudo: str) -> None:
        """That a new login can become root as the old one could. Raises SurfaceError."""
        lost = f"{self.target}: a new login works, but {{}}: the change takes our rights away"
        if sudo == "works":
            return
        if not sudo or (sudo == "asks" and self._password is None):
            raise SurfaceError(lost.format("sudo asks for a password now" if sudo else "sudo is gone"))
        try:
            self._become_root(connection, sudo, again=True)
        except SudoRefused as error:
            raise SurfaceError(lost.format(str(error).removeprefix(f"{self.target}: "))) from error

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._coming is not None and not self._coming.cancel():
                with suppress(SurfaceError):
                    self._open, _ = self._connected()
            if self._open is not None:
                self._call(_ended(self._open), self.timeout_s)
        background.leave()

    def _ready(self) -> tuple[SSHClientConnection, RootShell | None]:
        with self._lock:
            if self._open is None or self._open.is_closed():
                self._root = None
                self._open, self._sudo = self._connected()
            closed = self._root is None or not self._root.open
            if closed and (self._sudo == "tty" or (self._sudo == "asks" and self._password is not None)):
                self._root = self._become_root(self._open, self._sudo)
            return self._open, self._root

    def _connected(self) -> tuple[SSHClientConnection, str]:
        """The connection that was begun, or a new one, and what sudo does for it."""
        coming, self._coming = self._coming or background.start(self._connect()), None
        return self.result(coming, self.timeout_s)

    def _become_root(self, connection: SSHClientConnection, sudo: str, again: bool = False) -> RootShell:
        """Raises Refused."""

        def login(word: str) -> RootShell:
            return self._call(root_shell(connection, self.target, word, sudo == "tty", self.timeout_s), self.timeout_s)

        if self._password is None:
            return login("")
        return self._password.still(login) if again else self._password.try_on(self.target, login)

    async def _connect(self) -> tuple[SSHClientConnection, str]:
        """A new connection, and what sudo does for it."""
        import asyncssh

        asked: dict[str, Any] = {name: value for name, value in (("port", self.port), ("username", self.user)) if value}
        asked |= {"login_timeout": self.timeout_s, "connect_timeout": self.timeout_s, "keepalive_interval": 15}
        options = await asyncssh.SSHClientConnectionOptions.construct(None, config=(), host=self.host, **asked)
        if options.known_hosts is None:
            raise SurfaceError(f"{self.target}: ~/.ssh/config turns host keys off (UserKnownHostsFile none); name a file there")
        trust = _Trust(options)
        try:
            connection = await self._login(_way(options), {"client_factory": trust.client(), **asked})
            sudo = (await connection.run("sh", input=WHO, timeout=self.timeout_s)).stdout
        except TimeoutError:
            raise
        except (asyncssh.Error, OSError) as error:
            raise SurfaceError(f"{self.target}: {trust.refused or _told(error, str(options.username))}") from error
        peer = connection.get_extra_info("peername") if connection.get_extra_info("socket") is not None else None
        self._peer = peer[:2] if peer else None
        return connection, str(sudo or "").strip()

    async def _login(self, hop: str, asked: Mapping[str, Any]) -> SSHClientConnection:
        """A connection logged in. One that the host drops before the login is tried again: others may have knocked as well."""
        import asyncssh

        for pause_s in PAUSES_S:
            try:
                return await self._knock(hop, asked)
            except (asyncssh.ConnectionLost, ConnectionResetError):
                await asyncio.sleep(pause_s * (1 + random()))  # noqa: S311 - so that not all come back at once
        return await self._knock(hop, asked)

    async def _knock(self, hop: str, asked: Mapping[str, Any]) -> SSHClientConnection:
        """One try. Jump hosts get as much time each."""
        import asyncssh

        async with background.gate(hop), asyncio.timeout(self.timeout_s * (2 + hop.count(","))):
            return await asyncssh.connect(self.host, **asked)

    async def _banner(self) -> str:
        if self._peer:
            return await asyncio.get_running_loop().run_in_executor(None, banner, *self._peer)
        try:
            fresh, _ = await self._connect()
        except SurfaceError as error:
            return f"no answer: {error}"
        version = str(fresh.get_extra_info("server_version"))
        await _ended(fresh)
        return version

    def _call(self, work: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
        return self.result(background.start(work), timeout_s)

    def result(self, begun: Future[Result], timeout_s: float) -> Result:
        """What it gives. Raises SurfaceError for what goes wrong on the way."""
        import asyncssh

        try:
            return begun.result()
        except (TimeoutError, asyncssh.TimeoutError) as error:
            raise SurfaceError(
                f"{self.target}: no answer within {timeout_s:g} s; is it up, and does a firewall let us through?"
            ) from error
        except (asyncssh.ConnectionLost, asyncssh.ChannelOpenError, ConnectionError) as error:
            raise Cut(f"{self.target}: {CUT}") from error
        except (asyncssh.Error, OSError) as error:
            raise SurfaceError(f"{self.target}: {error}") from error


class _Running(NamedTuple):
    """Is never cut off: to sshd the session lasts until its program has ended, whether or not somebody listens."""

    host: Ssh
    begun: Future[Ran]
    timeout_s: float

    def ended(self) -> Ran:
        return self.host.result(self.begun, self.timeout_s)

    def stop(self) -> None:
        """It ends by itself; who starts something else waits for that."""


class _Trust:
    """Tells an unknown host key from a changed one, for the error; trusts neither."""

    def __init__(self, options: SSHClientConnectionOptions) -> None:
        self._options = options
        self.refused = ""

    def client(self) -> Callable[[], Any]:
        import asyncssh

        judge = self._judge

        class Client(asyncssh.SSHClient):
            def validate_host_public_key(self, host: str, addr: str, port: int, key: SSHKey) -> bool:
                return judge(host, addr, port, key)

        return Client

    def _judge(self, host: str, addr: str, port: int, key: SSHKey) -> bool:
        import asyncssh

        default = Path("~/.ssh/known_hosts").expanduser()
        files = self._options.known_hosts or (str(default) if default.is_file() else b"")
        known = asyncssh.match_known_hosts(files, host, addr, port)[0]
        name, shown = (host if port == 22 else f"[{host}]:{port}"), key.get_fingerprint()
        if known:
            self.refused = (
                f"the host key of {name} has CHANGED (now {shown}): somebody may be in between. If the host was reinstalled, "
                f"check the fingerprint there, then: ssh-keygen -R {name}, and connect once with ssh"
            )
        else:
            self.refused = (
                f"the host key of {name} is not known ({shown}). Check the fingerprint on the host "
                f"(ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then connect once with ssh to record it"
            )
        return False


def _parsed(url: str) -> tuple[str, int | None, str | None]:
    """Host, port and user of ``ssh://[user@]host[:port]``."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise SurfaceError(f"{url}: {error}; write ssh://[user@]host[:port]") from error
    if parts.scheme != "ssh" or not parts.hostname or parts.path.strip("/") or parts.password:
        raise SurfaceError(
            f"{url if not parts.password else parts.hostname}: is no ssh target; write ssh://[user@]host[:port], never a password"
        )
    return parts.hostname, port, parts.username


def _way(options: SSHClientConnectionOptions) -> str:
    """The jump hosts that a connection goes through, the nearest first; where there are none, the host itself."""
    return str(options.tunnel) if options.tunnel else f"{options.host}:{options.port}"


def _told(error: Exception, user: str) -> str:
    """What went wrong on the way in, and what to do."""
    import asyncssh

    if isinstance(error, asyncssh.PermissionDenied):
        return f"login as {user!r} was refused; is the key in the agent or an identity file, and in the account's authorized_keys?"
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return f"no common algorithm, or the host key is of another type than the one in known_hosts ({error})"
    if isinstance(error, asyncssh.ConnectionLost):
        return f"the host ended the connection before the login ({error}); MaxStartups may be used up"
    if isinstance(error, asyncssh.Error):
        return f"{error.reason or error}"
    return f"cannot connect ({error}); is it up, is the name right and the port open?"


async def _after(last: Future[Ran] | None, work: Callable[[], Coroutine[Any, Any, Ran]]) -> Ran:
    """Waits until the last one has ended, however it did, or has taken its time."""
    if last is not None and not last.done():
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        last.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), PATIENCE_S)
    return await work()


async def _run(connection: SSHClientConnection, shell: str, script: bytes, timeout_s: float) -> Ran:
    """A session that is refused is tried again: one that has just ended may still count (MaxSessions). Later ones wait a little."""
    import asyncssh

    if connection.get_extra_info(ONE_BY_ONE):
        await asyncio.sleep(REFUSED_PAUSES_S[0])
    for pause_s in REFUSED_PAUSES_S:
        try:
            return await _run_once(connection, shell, script, timeout_s)
        except asyncssh.ChannelOpenError:
            connection.set_extra_info(**{ONE_BY_ONE: True})
            await asyncio.sleep(pause_s)
    return await _run_once(connection, shell, script, timeout_s)


async def _run_once(connection: SSHClientConnection, shell: str, script: bytes, timeout_s: float) -> Ran:
    done = await connection.run(shell, input=script, encoding=None, timeout=timeout_s)
    out, err = done.stdout or b"", done.stderr or b""
    if done.exit_status is None:
        raise ConnectionResetError("ended without a status")
    return Ran(done.exit_status, bytes(out), bytes(err).decode(errors="replace"))  # type: ignore[arg-type]


async def _ended(connection: SSHClientConnection) -> None:
    connection.close()
    await connection.wait_closed()
