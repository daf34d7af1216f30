"""What the Dockerfile tells that a service builds its image by, where it is in the tree. compose-spec.io, build.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import join, normpath

from setright.bindings.layouts._dockerfile_image import from_of, image_of
from setright.bindings.layouts._dockerfile_user import is_root, user_now
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.model import Plain, Tree
from setright.patterns import late

ELSEWHERE = late(r"\$|://|^git@|^[\w.-]+@|#")  # a context that is not a folder of the tree
SET_UID = late(r"\bsudo\b|\bsetcap\b|chmod\s+(?:-\w+\s+)*(?:[ugoa]*\+[rwx]*s|[2-7][0-7]{3}\b)")

STARTS_OTHERWISE = frozenset({"CMD", "ENTRYPOINT", "ONBUILD", "USER", "VOLUME"})

Made = Sequence[Mapping[str, Plain]] | None  # the instructions that build a service's image


def dockerfile(file: str, service: Tree, sources: Mapping[str, Source]) -> list[Mapping[str, Plain]] | None:
    """The instructions that build a service's image; None where they are elsewhere, or stop at a stage that is named."""
    build = service.get("build")
    told = {"context": build} if isinstance(build, str) else build if isinstance(build, dict) else {}
    context, name = told.get("context", "."), told.get("dockerfile", "Dockerfile")
    if not told or told.keys() & {"target", "dockerfile_inline"} or ELSEWHERE.search(f"{context}") or "$" in str(name):
        return None
    source = sources.get(normpath(join(folder(file), str(context), str(name))))
    return source.tree["instructions"] if source is not None and source.lens == "dockerfile" else None


def starts_as_root(service: Tree, instructions: list[Mapping[str, Plain]]) -> bool:
    """Whether it may start as root: as the service says, else as its image does."""
    user = service.get("user") or user_now(image_of(instructions, {}))
    return user is None or "$" in str(user) or is_root(str(user))


def gains_rights(instructions: list[Mapping[str, Plain]]) -> bool:
    """Whether the image is made with sudo, or with other programs that get more rights than who calls them."""
    return any(SET_UID.search(str(each.get("value"))) for each in instructions if each["keyword"] != "LABEL")


def based_on(instructions: Sequence[Mapping[str, Plain]]) -> tuple[str, list[str], bool]:
    """The image that they begin from and start as it comes, where they add files to it, and whether they run programs in it.

    The name is empty where it is not told, or starts otherwise.
    """
    whole = image_of(instructions, {}).whole
    if not whole or any(each["keyword"] in STARTS_OTHERWISE for each in whole):
        return "", [], False
    added = [_target(each["value"]) for each in whole if each["keyword"] in ("ADD", "COPY")]
    return from_of(whole[0])["image"], added, any(each["keyword"] == "RUN" for each in whole)


def _target(value: Plain) -> str:
    """Where a COPY or ADD puts its files; below what it does not say in full, anywhere."""
    words = [str(each) for each in value] if isinstance(value, list) else str(value).split()
    last = words[-1] if words else ""
    return last.rstrip("/") if last.startswith("/") and len(last) > 1 else "/"
