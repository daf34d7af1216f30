"""Documents in, resources of a kind out; edits on a resource in, edits on documents out. Hands on to the layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from setright.bindings.error import BindingError
from setright.bindings.families import READS
from setright.bindings.source import Source
from setright.model import Binding, Edit, Path, Plain, Resource

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]
ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what a form raises that a layout did not think of


class Beside(NamedTuple):
    """What an edit adds to a list beside a resource: the marks it is known by, and the places that it says again.

    Of two such things of which each has a mark that the other lacks, neither does what the other is there for.
    """

    marks: frozenset[str]
    repeats: tuple[Path, ...]


class LayoutModule(Protocol):
    """What a module of `setright.bindings.layouts` offers."""

    def view(self, kind: str, layout: Layout, sources: Sources) -> list[Resource]: ...
    def edit(
        self, layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
    ) -> list[tuple[str, Edit]]: ...
    def locate(self, layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]: ...


def module_of(binding: Binding, family: str) -> LayoutModule:
    """The layout module of a kind on a family of surfaces."""
    name = _layout(binding, family)
    try:
        return _named(name)
    except ModuleNotFoundError as error:
        raise BindingError(f"bindings/{binding.kind}.yaml: {family}: there is no layout {name!r}") from error


def view(binding: Binding, family: str, sources: Sources) -> list[Resource]:
    """The resources of the binding's kind among the documents."""
    with _contained(binding):
        return module_of(binding, family).view(binding.kind, binding.layouts[family], sources)


def reads(binding: Binding, family: str, lens: str) -> bool:
    """Whether documents of that lens may matter to the resources of the kind."""
    read = READS.get(_layout(binding, family))
    return read is None or lens in read


def _layout(binding: Binding, family: str) -> str:
    return str(binding.layouts[family].get("layout", family))


def edit(
    binding: Binding, family: str, resource: Resource, edits: tuple[Sequence[Edit], Sequence[Edit]], sources: Sources
) -> list[tuple[str, Edit]]:
    """Edits on a resource, persistent and live, as (locator, edit) on documents. Raises BindingError with the reason."""
    with _contained(binding, resource):
        return module_of(binding, family).edit(binding.layouts[family], resource, *edits, sources)


def locate(binding: Binding, family: str, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The document and the path in its tree where a resource's value stands, or would."""
    with _contained(binding, resource):
        return module_of(binding, family).locate(binding.layouts[family], resource, path, sources)


def beside(binding: Binding, family: str, resource: Resource, edit: Edit) -> Beside | None:
    """What an edit adds beside a resource; None where it adds nothing, or where the layout does not say."""
    added: Callable[[Layout, Resource, Edit], Beside | None] | None = getattr(module_of(binding, family), "beside", None)
    return added(binding.layouts[family], resource, edit) if added else None


def steps_of(layout: Layout, name: str) -> tuple[str, ...]:
    """A step list of an entry: absent, one name, or several."""
    given = layout.get(name, ())
    return (given,) if isinstance(given, str) else tuple(given)


@contextmanager
def _contained(binding: Binding, resource: Resource | None = None) -> Iterator[None]:
    """One odd file stops no run: what its form raises in a layout is told of its kind, or of its resource, and the rest goes on."""
    try:
        yield
    except BindingError:
        raise
    except ODD as error:
        where = f"{resource.home[0]}: {resource.name}" if resource else binding.kind
        told = f"{type(error).__name__}: {error}"
        raise BindingError(f"{where}: has a form that setright does not know; please report it ({told})") from error


@cache
def _named(layout: str) -> LayoutModule:
    return cast(LayoutModule, import_module(f"setright.bindings.layouts.{layout.replace('-', '_')}"))
