"""What containers of Amazon ECS are known to write where nothing is mounted: told of their images in `bindings/images.yaml`.

docs.aws.amazon.com/AmazonECS, task definition parameters: mountPoints, tmpfs, readonlyRootFilesystem.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.layouts._image_needs import Images, cautions_of, covers
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.trees import as_list

NOWHERE = "no known place"


def writes(definitions: Plain, images: Images) -> str:
    """``nginx writes /run, /tmp`` of the first container that does; ``no known place`` where nothing tells of any."""
    for each in as_list(definitions):
        if isinstance(each, dict) and (left := [*_unmounted(each, images)]):
            return f"{_image(each)} writes {', '.join(left)}"
    return NOWHERE


def _image(container: Tree) -> str:
    """The image without a tag that something else gives."""
    image = container.get("Image")
    text = image.text if isinstance(image, Unknown) else image if isinstance(image, str) else ""
    return text.strip('"').partition(":${")[0]


def _unmounted(container: Tree, images: Images) -> Iterator[str]:
    volumes = [*as_list(container.get("MountPoints")), *as_list(look_up(container, ("LinuxParameters", "Tmpfs")))]
    mounted = [str(each.get("ContainerPath")) for each in volumes if isinstance(each, dict)]
    for path in as_list(cautions_of(_image(container), images).get("writes", [])):
        if not any(covers(own, str(path)) for own in mounted):
            yield str(path)
