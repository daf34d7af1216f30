"""Images of pods that the tree builds itself: what their Dockerfiles say of whom they run as.

A Compose file or Skaffold tells which Dockerfile an image is built from; else it is the only one in a folder of the image's name.
skaffold.dev/docs/references/yaml (build.artifacts); Dockerfile reference, USER.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from setright.bindings.layouts._compose_build import dockerfile, gains_rights
from setright.bindings.layouts._dockerfile_image import from_of, image_of
from setright.bindings.layouts._dockerfile_user import user_number
from setright.bindings.layouts._dockerfile_whose import is_root, user_now
from setright.bindings.layouts._documents import mappings, trees_of
from setright.bindings.layouts._image_needs import Images, is_image_known, name_of
from setright.bindings.layouts._shell_words import base
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.trees import as_list

Instructions = Sequence[Mapping[str, Plain]]
User = tuple[str, int, str, tuple[str, ...]]  # of an image by its name: the number, the name if that is said, programs it starts


def with_own(images: Images, containers: Iterable[Tree], sources: Mapping[str, Source]) -> Images:
    """What is known of images, with what the tree tells of those that it builds and these containers start."""
    started: dict[str, set[str]] = {}
    for each in containers:
        image = each.get("image")
        if isinstance(image, str) and "$" not in image and "{" not in image and not is_image_known(image, images):
            words = [*as_list(each.get("command"))[:1], *as_list(each.get("args"))[:1]]
            started.setdefault(name_of(image), set()).update(base(str(word)) for word in words)
    if not started:
        return images
    builds = list(_builds(sources))
    found = [(name, user, tuple(sorted(words))) for name, words in started.items() if (user := _user(_of_name(name, builds)))]
    return _joined(_Same(images), tuple((name, *user, words) for name, user, words in found)) if found else images


class _Same:
    def __init__(self, images: Images) -> None:
        self.images = images

    def __hash__(self) -> int:
        return id(self.images)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.images is other.images


@lru_cache(maxsize=4)
def _joined(known: _Same, own: tuple[User, ...]) -> Images:
    """One object for the same images, by which what was made of them is known again."""
    told = {
        name: {"user": user, "capabilities": [], "programs": list(programs), **({"named": said} if said else {})}
        for name, user, said, programs in own
    }
    return {**known.images, **told}


def _builds(sources: Mapping[str, Source]) -> Iterator[tuple[str, bool, Instructions]]:
    """The instructions of Dockerfiles by the name of their image, and whether something says that; else it is their folder's."""
    for file, image, build in (each for source, _, tree in mappings(sources) for each in _said(source.locator, tree)):
        if made := dockerfile(file, {"build": build}, sources):
            yield name_of(image), True, made
    for locator, source in sources.items():
        home, _, name = locator.rpartition("/")
        if source.lens == "dockerfile" and name.lower() == "dockerfile" and home:
            yield home.rpartition("/")[2].lower(), False, source.tree["instructions"]


def _said(file: str, tree: Tree) -> Iterator[tuple[str, str, Plain]]:
    """The images that a Compose file or Skaffold's says how to build, and how."""
    services = tree.get("services")
    for each in services.values() if isinstance(services, dict) else ():
        if isinstance(each, dict) and isinstance(each.get("image"), str):
            yield file, each["image"], each.get("build")
    if str(tree.get("apiVersion")).startswith("skaffold/"):
        for each in trees_of(look_up(tree, ("build", "artifacts"))):
            name = look_up(each, ("docker", "dockerfile")) or "Dockerfile"
            yield file, str(each.get("image")), {"context": each.get("context") or ".", "dockerfile": name}


def _of_name(name: str, builds: Sequence[tuple[str, bool, Instructions]]) -> Instructions | None:
    """The Dockerfile of an image: the one that is said, else the only one in a folder of its name; none that begins from it."""
    said = [made for built, is_said, made in builds if is_said and built == name]
    found = said or [made for built, is_said, made in builds if not is_said and built == name.rpartition("/")[2].lower()]
    if len({id(each) for each in found}) != 1:
        return None
    begins = {name_of(from_of(each)["image"]) for each in found[0] if each["keyword"] == "FROM"}
    return None if name in begins else found[0]


def _user(made: Instructions | None) -> tuple[int, str] | None:
    """The number of the user that it says, and the name by which it does; None for root, and where that cannot be told."""
    image = image_of(made, {}) if made and not gains_rights(made) else None
    said = (user_now(image) or "" if image else "").partition(":")[0]
    if image is None or not said or "$" in said or is_root(said):
        return None
    told = said if said.isdigit() else user_number(image).partition(":")[0]
    return (int(told), "" if said.isdigit() else said) if told.isdigit() and int(told) else None
