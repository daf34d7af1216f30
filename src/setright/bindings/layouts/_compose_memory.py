"""How much memory a service is told to take: by its own words, by what it reserves, or by what is known of its image.

compose-spec.io, 05-services.md, mem_reservation, shm_size; deploy.md, reservations; 11-extension.md, byte values.
"""

from __future__ import annotations

from setright.bindings.layouts import _compose_writers as writers
from setright.bindings.layouts._compose_build import Made, based_on, filled
from setright.bindings.layouts._dockerfile_image import image_of, program
from setright.bindings.layouts._image_needs import Images, cautions_of
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late

SIZE = late(r"(\d+(?:\.\d+)?)\s*([kmg]?)i?b?", 0)
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}
MEGABYTE = UNITS["m"]
AT_WORK, OF_JAVA = 2 * UNITS["g"], UNITS["g"]  # what compiles while it runs; a machine with its heap, its code and its threads
OF_MODELS = 8 * UNITS["g"]  # what runs a model of its own, and loads it by way of memory also where a GPU holds it then
MODELS = late(
    r"\b(?:comfyui|cuda|huggingface|llama(?:[-_.]?cpp)?|lmdeploy|local-?ai|nvidia|ollama|pytorch|sd-webui|sglang|stable[-_]diffusion"
    r"|tensorrt|text-embeddings|text-generation|torchserve|tritonserver|vllm|whisper|xinference)\b"
)
BESIDES = 2  # how much a program takes for each byte of the part that is told
PARTS = {  # words that tell the size of a heap, a cache or a pool of buffers, and the unit of a bare number
    late(r"-Xmx(\d+)([kKmMgG]?)"): "",
    late(r"max[-_]old[-_]space[-_]size[ =](\d+)()"): "m",
    late(r"--maxmemory[ =](\d+)([kKmMgG]?)"): "",
    late(r"(?:shared_buffers|buffer[-_]pool[-_]size)\s*=\s*(\d+)([kKmMgG]?)"): "",
    late(r"wiredTigerCacheSizeGB[ =](\d+)()"): "g",
    late(r"\bmemcached\b.*?\s(?:-m|--memory-limit)[ =]?(\d+)()"): "m",
    late(r"(?i:heap(?:_*(?:max|size|mem(?:ory)?))*)[ =](\d+)([kKmMgG])"): "",
    late(r"GOMEMLIMIT=(\d+)([KMG])iB"): "",
}
SPEAKS = ("image", "command", "entrypoint", "environment")
RESERVED = (("mem_reservation",), ("deploy", "resources", "reservations", "memory"), ("shm_size",))


def enough(service: Tree, wanted: Plain, images: Images, made: Made = None) -> Plain:
    """The limit that is wanted, or what the service surely needs where that is more."""
    limit = in_bytes(wanted)
    needed = max([_told(service), *(in_bytes(look_up(service, path)) for path in RESERVED)])
    image = based_on(made).image if made else filled(service.get("image", ""))
    known = cautions_of(image, images).get("memory")
    needed = max(needed, in_bytes(known)) or _usual(service, made)
    if not limit or needed <= limit:
        return wanted
    return f"{-(-needed // MEGABYTE)}m"


def _usual(service: Tree, made: Made) -> int:
    """What programs of its sort take at least, in bytes; 0 for most."""
    own = [str(each) for key in ("entrypoint", "command") for each in _words(service.get(key))]
    if writers.is_at_work(own or program(image_of(made or (), {}).whole)):
        return AT_WORK
    if MODELS.search(
        " ".join(str(service.get(key, "")) for key in ("image", "command", "entrypoint", "runtime", "deploy")).lower()
    ):
        return OF_MODELS
    return OF_JAVA if writers.is_java(service, made) else 0


def _told(service: Tree) -> int:
    """What it takes by the sizes that its words tell, in bytes; 0 where they tell none."""
    return memory_told(" ".join(str(each) for key in SPEAKS for each in _words(service.get(key))))


def memory_told(text: str) -> int:
    """What a program takes by the sizes that words for it tell, in bytes; 0 where they tell none."""
    found = [int(size) * UNITS[(unit or bare).lower()] for part, bare in PARTS.items() for size, unit in part.findall(text)]
    return BESIDES * max(found, default=0)


def _words(value: Plain) -> list[Plain]:
    if isinstance(value, dict):
        return [f"{name}={each}" for name, each in value.items()]
    return value if isinstance(value, list) else [value or ""]


def in_bytes(value: Plain) -> int:
    """A size as Compose writes it, in bytes; 0 for what is none."""
    found = SIZE.fullmatch(str(value).lower()) if isinstance(value, str | int) else None
    return int(float(found[1]) * UNITS[found[2]]) if found else 0
