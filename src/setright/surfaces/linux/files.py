"""Files below a root, which may be ``/``: found, read and replaced without ever following a link out of that root.

path_resolution(7), symlink(7), rename(2), xattr(7); POSIX ACLs are the extended attributes ``system.posix_acl_*``.
"""

from __future__ import annotations

import errno
import fcntl
import grp
import gzip
import json
import os
import pwd
import re
import stat
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from setright.model import Plain, digest
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.linux.inodes import dress, inode_of, on_the_way, replace_inode, sync_folder
from setright.surfaces.linux.patterns import is_glob, segment_matcher
from setright.surfaces.linux.script import ENDINGS
from setright.surfaces.linux.transport import LIMIT_BYTES, Reply, Symlink, sorry

LINKS = 40  # as many as the kernel follows
DEVICES = (stat.S_IFCHR, stat.S_IFBLK)
TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
ACL = "system.posix_acl_access"
LOCK_WAIT_S = 20.0
GONE = "is gone"
PERSON = re.compile(r"0|(?!65534$)[1-9][0-9]{3,}")


class Files:
    """A file system below `root`. Paths in and out are the root's own: absolute, as its programs would see them."""

    def __init__(self, target: str, root: Path) -> None:
        self.target, self.root = target, root
        self._names: dict[str, dict[int, str]] = {}

    def prepare(self) -> None:
        """Files are there at once."""

    # reading

    def real(self, path: str) -> Path:
        """Where the path really is, every link resolved inside the root; its last part need not be there."""
        todo, done, links = [p for p in path.split("/") if p][::-1], self.root, 0
        while todo:
            part = todo.pop()
            if part == "..":
                done = done if done == self.root else done.parent
                continue
            here = done / part
            if part == "." or not here.is_symlink():
                done = done if part == "." else here
                continue
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            aim = here.readlink()
            done = self.root if aim.is_absolute() else done
            todo += [p for p in str(aim).split("/") if p][::-1]
        return done

    def expand(self, pattern: str) -> Iterator[str]:
        """The paths that match, sorted. A literal path comes back as it is where something is there."""
        if not is_glob(pattern):
            if self._there(pattern):
                yield pattern
            return
        head, _, rest = pattern.partition("/**")
        if rest or pattern.endswith("/**"):
            yield from self._below(head, rest.lstrip("/") or "*")
            return
        found = [""]
        for part in pattern.strip("/").split("/"):
            found = [path for folder in found for path in self._step(folder, part)]
        yield from sorted(found)

    def _step(self, folder: str, part: str) -> list[str]:
        if not is_glob(part):
            return [f"{folder}/{part}"] if self._there(f"{folder}/{part}") else []
        try:
            names = [each.name for each in self.real(folder or "/").iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [f"{folder}/{name}" for name in names if segment_matcher(part)(name)]

    def _below(self, folder: str, part: str) -> Iterator[str]:
        start = self.real(folder)
        for here, _, names in os.walk(start):
            place = folder + str(here)[len(str(start)) :]
            yield from sorted(
                f"{place}/{n}" for n in names if segment_matcher(part)(n) and stat.S_ISREG(Path(here, n).lstat().st_mode)
            )

    def _there(self, path: str) -> bool:
        try:
            self.real(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def each(self, pattern: str, look: str, word: str = "") -> list[Reply]:
        """One `Found` a path, or one that says why the pattern could not be followed."""
        if look == "home":
            return [found for found in self._homes(pattern) if found.error != GONE]
        if look == "inode" and not self._there(pattern):
            return [Reply(pattern, json.dumps({"made": self.missing_folders(pattern)}).encode())]
        try:
            return [found for path in self.expand(pattern) if (found := self._look(path, look, word)).error != GONE]
        except OSError as error:
            return [Reply(pattern, None, refusal(error))]

    def _homes(self, what: str) -> Iterator[Reply]:
        """The home folders of root and of people, or the dot files in them; as the script's `homes`."""
        try:
            rows = [line.split(":") for line in self._bytes(self.real("/etc/passwd")).decode(errors="replace").splitlines()]
        except OSError:
            return
        homes = [row[5] for row in rows if len(row) > 6 and PERSON.fullmatch(row[2]) and row[5] != "/"]
        for home in (home for home in homes if home.startswith("/")):
            try:
                real = self.real(home)
                if not stat.S_ISDIR(real.lstat().st_mode):
                    continue
                inside = [] if what == "folders" else sorted(p for p in real.iterdir() if p.name[:1] == ".")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                yield Reply(f"{home}/.*", None, refusal(error))
                continue
            files = [f"{home}/{p.name}" for p in inside if p.is_file() and not p.is_symlink()]
            yield from (self._look(place, "stat", "") for place in (files if what != "folders" else [home]))

    def _look(self, path: str, look: str, word: str) -> Reply:
        try:
            real = self.real(path)
            if look == "file":
                return self._file(path, real)
            if look == "grep":
                return Reply(path, b"".join(line for line in _lines(real) if word.encode() in line))
            if look == "inode":
                return Reply(path, json.dumps(inode_of(real)).encode())
            return Reply(path, self._stat(real) if look == "stat" else b"")
        except FileNotFoundError:
            return Reply(path, None, GONE)
        except (OSError, EOFError, zlib.error) as error:
            return Reply(path, None, refusal(error))

    def _file(self, path: str, real: Path) -> Reply:
        """A link tells where it leads; one that leads nowhere is no file."""
        own = path.rpartition("/")
        leads = "/" + str(real.relative_to(self.root)) if (self.real(own[0]) / own[2]).is_symlink() else ""
        try:
            return Reply(path, self._bytes(real), real=leads)
        except FileNotFoundError:
            return Reply(path, None, GONE)
        except OSError as error:
            return Reply(path, None, refusal(error), leads)

    def _bytes(self, real: Path) -> bytes:
        mode = real.lstat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, ENDINGS["folder"])
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        # not blocking: a pipe that takes the file's place meanwhile must not make us wait for its other end
        with os.fdopen(os.open(real, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            data = file.read(LIMIT_BYTES + 1)
        if len(data) > LIMIT_BYTES:
            raise OSError(errno.EFBIG, f"is larger than {LIMIT_BYTES >> 20} MiB")
        return data

    def _stat(self, real: Path) -> bytes:
        seen = real.lstat()
        kind = TYPES.get(stat.S_IFMT(seen.st_mode), "other")
        mode = f"{stat.S_IMODE(seen.st_mode):04o}"
        more = ("acl",) if kind in ("file", "directory") and ACL in os.listxattr(real) else ()
        return "\t".join((kind, self.user(seen.st_uid), self.group(seen.st_gid), mode, *more)).encode()

    # names of owners

    def user(self, uid: int) -> str:
        return self._name("passwd", uid)

    def group(self, gid: int) -> str:
        return self._name("group", gid)

    def _name(self, table: str, number: int) -> str:
        """By this host's name service for its own files, by the root's own tables for another's."""
        if self.root == Path("/"):
            try:
                return pwd.getpwuid(number).pw_name if table == "passwd" else grp.getgrgid(number).gr_name
            except KeyError:
                return str(number)
        return self._table(table).get(number, str(number))

    def _number(self, table: str, name: str) -> int:
        if name.isdecimal():
            return int(name)
        if self.root == Path("/"):
            try:
                return pwd.getpwnam(name).pw_uid if table == "passwd" else grp.getgrnam(name).gr_gid
            except KeyError:
                raise SurfaceError(f"{self.target}: there is no {'user' if table == 'passwd' else 'group'} {name!r}") from None
        for number, known in self._table(table).items():
            if known == name:
                return number
        raise SurfaceError(f"{self.target}: its /etc/{table} has no {name!r}")

    def _table(self, table: str) -> dict[int, str]:
        if table not in self._names:
            rows: dict[int, str] = {}
            with suppress(OSError):
                for line in self._bytes(self.real(f"/etc/{table}")).decode(errors="replace").splitlines():
                    fields = line.split(":")
                    if len(fields) > 2 and fields[2].isdecimal():
                        rows.setdefault(int(fields[2]), fields[0])
            self._names[table] = rows
        return self._names[table]

    # writing

    def put(self, path: str, before: str, after: bytes | None, inode: Mapping[str, Plain]) -> None:
        with self.locked(path):
            real = self.real(path)
            now = digest(self._bytes(real) if real.exists() else None)
            if now == digest(after):
                if after is not None:
                    dress(real, inode)
            elif now != before:
                raise Moved(f"{self.target}: {path} is no longer what the change was planned on; scan again")
            elif after is None:
                real.unlink()
                sync_folder(real.parent)
                self._unmake(inode)
            else:
                real.parent.mkdir(parents=True, exist_ok=True)
                replace_inode(real, after, inode)

    def _unmake(self, inode: Mapping[str, Plain]) -> None:
        """Removes the folders that were made for the file; one that others use by now stays."""
        for folder in inode.get("made", ()):
            with suppress(OSError):
                self.real(folder).rmdir()

    def missing_folders(self, path: str) -> list[str]:
        """The parents of a path that are not there, deepest first."""
        folder, missing = path.rpartition("/")[0], []
        while folder and not self._there(folder):
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        return missing

    def own(self, path: str, before: str, after: str) -> None:
        with self.locked(path):
            real = self.real(path)
            if stat.S_IFMT(real.lstat().st_mode) in DEVICES:
                raise SurfaceError(f"{self.target}: {path} leads to {real}, which is no file; nothing was changed")
            now = ":".join(self._stat(real).decode().split("\t")[1:4])
            if now == after:
                return
            if now not in on_the_way(before, after):
                raise Moved(f"{self.target}: {path} is {now}, the change was planned on {before}; scan again")
            owner, group, mode = after.split(":")
            os.chown(real, self._number("passwd", owner), self._number("group", group))
            real.chmod(int(mode, 8))  # after chown, which clears the setuid bits

    def link(self, links: Sequence[Symlink]) -> None:
        for link in links:
            with self.locked(link.path):
                self._link(link)

    def _link(self, link: Symlink) -> None:
        place = self.real(link.path.rpartition("/")[0]) / link.path.rpartition("/")[2]
        now = str(place.readlink()) if place.is_symlink() else None
        if now == link.after:
            return
        if now != link.before or (now is None and place.exists()):
            raise Moved(f"{self.target}: {link.path} is not what the change was planned on; scan again")
        if link.after is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            temp = place.with_name(f".{place.name}.setright.{os.getpid()}")
            temp.symlink_to(link.after)
            temp.rename(place)
        sync_folder(place.parent)

    def lock_folder(self) -> Path:
        """What two runs lock: for an offline root the root itself, so that nothing is left in it."""
        return self.root

    @contextmanager
    def locked(self, path: str) -> Iterator[None]:
        """Alone on this target. OSError becomes SurfaceError that names the path and what to do."""
        try:
            handle = os.open(self.lock_folder(), os.O_RDONLY | os.O_DIRECTORY)
            try:
                _lock(handle)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            raise sorry(self.target, path, os.strerror(error.errno or 0)) from error


def refusal(error: Exception) -> str:
    """Why something could not be read, and the way out."""
    if isinstance(error, PermissionError):
        return "may not be read; run as root (sudo), or log in as a user who may sudo without a password"
    text = error.strerror if isinstance(error, OSError) else None
    return text or "cannot be read"


def _lines(real: Path) -> Iterator[bytes]:
    if real.suffix == ".gz":
        with gzip.open(real) as packed:
            yield from packed
    else:
        with real.open("rb") as file:
            yield from file


def _lock(handle: int) -> None:
    end = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise SurfaceError("another run is writing to this target; wait for it to end") from None
            time.sleep(0.02)
