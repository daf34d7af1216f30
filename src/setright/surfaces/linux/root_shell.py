"""The shell that sudo opens where it asks for a password, or wants a terminal. Source: sudo(8), sudoers(5).

The password is written to sudo's own prompt alone, which holds a word that nobody knew before, and once, since retries lock
accounts. The shell stays open as long as the connection: what takes our rights away can still be put back through it.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from secrets import token_hex
from typing import TYPE_CHECKING

from setright.surfaces.linux.sudo import SudoRefused
from setright.surfaces.linux.transport import Ran

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHClientProcess

# Runs one script after another. Each comes after its size and the word that ends what it printed. One line, for every login shell.
RELAY = (
    'echo "$1$2"; while read -r size word; do { '
    'said=$(head -c "$size" | { sh 2>&1 >&3 3>&-; s=$?; cat >/dev/null; exit $s; }); s=$?; } 3>&1; '
    'printf "\\n%s %s\\n%s\\n%s\\n" "$word" "$s" "$said" "$word"; done'
)
CHUNK_BYTES = 1 << 16
SHOWN = 200  # characters of what sudo said


class RootShell:
    """A channel with root's shell at its end. Runs one script at a time."""

    def __init__(self, process: SSHClientProcess[bytes]) -> None:
        self._process = process
        self._turn = asyncio.Lock()
        self.open = True

    async def run(self, script: bytes, timeout_s: float) -> Ran:
        """Raises TimeoutError, and ConnectionError where the shell ended; it is closed then."""
        word = token_hex(16).encode()
        try:
            async with self._turn, asyncio.timeout(timeout_s):
                await self.write(b"%d %s\n%s" % (len(script), word, script))
                text = await self.until(lambda text: text.endswith(b"\n" + word + b"\n"))
        except (OSError, asyncio.CancelledError):
            self.close()
            raise
        out, _, rest = text.partition(b"\n" + word + b" ")
        status, _, said = rest.removesuffix(b"\n" + word + b"\n").partition(b"\n")
        return Ran(int(status), out, said.decode(errors="replace"))

    async def write(self, data: bytes) -> None:
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def until(self, ended: Callable[[bytes], bool]) -> bytes:
        """What comes from the other end up to there. Raises ConnectionResetError, with it, where nothing more comes."""
        text = bytearray()
        while not ended(bytes(text[-1024:])):
            chunk = await self._process.stdout.read(CHUNK_BYTES)
            if not chunk:
                raise ConnectionResetError(bytes(text).decode(errors="replace"))
            text += chunk
        return bytes(text)

    def close(self) -> None:
        self.open = False
        self._process.close()


async def root_shell(connection: SSHClientConnection, target: str, word: str, tty: bool, timeout_s: float) -> RootShell:
    """A shell of root's; without a `word` only where sudo does not ask. Raises Refused, and TimeoutError where no prompt comes."""
    import asyncssh

    prompt, one, two = (token_hex(16) for _ in range(3))
    asks = f"-S -k -p {prompt}" if word else "-n"
    command = (
        f"env LC_ALL=C sudo {asks} sh -c {shlex.quote(RELAY)} sh {one} {two}"  # sudo tells the words of a command that it refuses
    )
    terminal = {"term_type": "dumb", "request_pty": "force"} if tty else {}
    process = await connection.create_process(
        f"stty raw -echo; {command}" if tty else command, encoding=None, stderr=asyncssh.STDOUT, **terminal
    )
    shell = RootShell(process)
    try:
        await _answer(shell, word, prompt.encode(), (one + two).encode(), timeout_s)
    except (SudoRefused, OSError) as error:
        shell.close()
        raise SudoRefused(f"{target}: {error}") from error
    return shell


async def _answer(shell: RootShell, word: str, prompt: bytes, ready: bytes, timeout_s: float) -> None:
    """Answers sudo's prompt, once. Raises Refused."""
    seen = b""

    def ended(text: bytes) -> bool:
        nonlocal seen
        seen = text
        return prompt in text or ready in text

    try:
        async with asyncio.timeout(timeout_s):
            if ready in await shell.until(ended):
                return
            await shell.write(word.encode() + b"\n")
            if ready in await shell.until(ended):
                return
    except ConnectionResetError as error:
        raise SudoRefused(_said(str(error))) from error
    except TimeoutError as error:
        raise SudoRefused(f"sudo asks for more than a password: {seen.decode(errors='replace')[:SHOWN]!r}") from error
    raise SudoRefused("sudo refused the password; it was tried once, and is not tried again")


def _said(text: str) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    return f"sudo does not let us: {lines[-1].strip()[:SHOWN]}" if lines else "sudo ended without a word"
