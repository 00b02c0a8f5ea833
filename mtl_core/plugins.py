"""Kinds that other installed packages add to the program, through entry points.

An entry point names a spec class, such as a weighting method's, in a module without torch; the class names the module
that builds it, which only a process that trains imports (of a table format: that reads data). A kind is
called ``package/name``, after the package and the entry point: so two packages never disagree about a name, and an
experiment says itself which package it needs. A package that breaks a rule is left out, with a problem that names it,
and everything else works.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from types import ModuleType
from typing import Any, TypeVar, get_args

from mtl_core.errors import EnvironmentFault, InputError, Problem, shorten

WEIGHTINGS = "mtl_workbench.weightings"
LAYERS = "mtl_workbench.layers"
TASKS = "mtl_workbench.tasks"
METRICS = "mtl_workbench.metrics"
READERS = "mtl_workbench.readers"
_NOUNS = {WEIGHTINGS: "weighting method", LAYERS: "layer", TASKS: "task kind", METRICS: "metric", READERS: "reader"}
_BASES = {
    LAYERS: "mtl_core.spec.layers.plugin",
    WEIGHTINGS: "mtl_core.spec.weighting.base",
    TASKS: "mtl_core.spec.tasks.base",
    METRICS: "mtl_core.spec.tasks.plugin_metric",
    READERS: "mtl_core.spec.data.plugin_reader",
}
"""The modules of the base classes, which are all imported before the first class of a package: one module of a package
may have classes of several groups."""
_KEYS = ("kind", "metrics", "score", "format")
"""The settings that name a kind."""
_KIND = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[A-Za-z0-9_.-]{1,100}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,50}")
_LOAD_FIX = "Update the package, or uninstall it."

_Class = TypeVar("_Class")


@dataclass(frozen=True)
class Plugin:
    """A kind that an installed package adds.

    Attributes:
        group: The entry point group.
        kind: What it is called in a spec, ``package/name``.
        title: What people call it.
        package: The package's name, normalized.
        version: The package's version.
    """

    group: str
    kind: str
    title: str
    package: str
    version: str

    @property
    def noun(self) -> str:
        """What kinds of its group are, such as ``layer``."""
        return _NOUNS[self.group]


@dataclass(frozen=True)
class MissingPackage(Problem):
    """A spec has a kind whose package is not installed.

    Attributes:
        package: The package's name.
    """

    package: str = ""


@dataclass(frozen=True)
class RejectedKind(Problem):
    """A kind of an installed package breaks a rule.

    Attributes:
        group: The entry point group.
        kind: What it would be called in a spec.
    """

    group: str = ""
    kind: str = ""


_plugins: dict[str, Plugin] = {}
_problems: list[Problem] = []


def plugins() -> tuple[Plugin, ...]:
    """The kinds that were added, by group, in the order in which menus show them."""
    order = list(_NOUNS)
    return tuple(sorted(_plugins.values(), key=lambda plugin: order.index(plugin.group)))


def plugin_problems() -> tuple[Problem, ...]:
    """What is wrong with the packages whose kinds were left out, a problem for each kind, by group."""
    order = ["", *_NOUNS]
    return tuple(sorted(_problems, key=lambda problem: order.index(getattr(problem, "group", ""))))


def load_kinds(
    group: str,
    base: type[_Class],
    *,
    from_defaults: bool = False,
    broken_rule: Callable[[type[_Class]], str] | None = None,
) -> tuple[type[_Class], ...]:
    """Import the spec classes of an entry point group; a class that breaks a rule is left out and noted.

    Args:
        group: ``WEIGHTINGS``, ``LAYERS``, ``TASKS``, ``METRICS`` or ``READERS``.
        base: What the classes must inherit.
        from_defaults: Whether a class must have a default for every field.
        broken_rule: The rule of the group that a class breaks, such as "needs …"; empty if it keeps them all.
    """
    classes = []
    for module in _BASES.values():
        import_module(module)
    for entry in (entry for entry in _entry_points() if entry.group == group):
        try:
            with _without_torch():
                spec_class = entry.load()
            plugin = _plugin_of(spec_class, base, entry, from_defaults=from_defaults)
            _raise_rule(broken_rule(spec_class) if broken_rule else "")
        except (Exception, SystemExit) as error:  # whatever a package does, the program must start
            _problems.append(_rejection(entry, error))
        else:
            _plugins[plugin.kind] = plugin
            classes.append(spec_class)
    return tuple(classes)


class _RuleError(Exception):
    """A spec class breaks a rule of plugins."""


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    """Those of all groups; the folders of packages are read once."""
    try:
        installed = entry_points()
    except Exception as error:  # the metadata of any package may be damaged
        _problems.append(Problem("packages", "the list of installed packages cannot be read", shorten(error)))
        return ()
    entries = [entry for group in _NOUNS for entry in installed.select(group=group)]
    return tuple(sorted(entries, key=lambda entry: (_package(entry), entry.name)))


def _package(entry: EntryPoint) -> tuple[str, str]:
    """The normalized name and the version of an entry point's package; empty where its metadata cannot be read."""
    try:
        name, release = entry.dist.name, entry.dist.version  # type: ignore[union-attr]
        return re.sub(r"[-_.]+", "-", name).lower(), release or ""
    except Exception:
        return "", ""


def _plugin_of(spec_class: Any, base: type, entry: EntryPoint, *, from_defaults: bool) -> Plugin:
    """The plugin of a spec class, if it keeps the rules."""
    package, release = _package(entry)
    if not package:
        raise _RuleError("belongs to a package whose metadata cannot be read")
    if not isinstance(spec_class, type) or not issubclass(spec_class, base) or spec_class is base:
        raise _RuleError(f"must be a class that inherits {base.__module__}.{base.__qualname__}")
    fields: Mapping[str, Any] = spec_class.model_fields  # type: ignore[attr-defined]  # every base is a pydantic model
    kind = f"{package}/{entry.name}"
    if not _KIND.fullmatch(kind):
        raise _RuleError("is named with other characters than letters, digits, '_', '.' and '-'")
    if "kind" not in fields or get_args(fields["kind"].annotation) != (kind,) or fields["kind"].default != kind:
        raise _RuleError(f"needs a field 'kind' of the type Literal[{kind!r}] with this default")
    if kind in _plugins:
        raise _RuleError(f"has the kind {kind!r}, which another class of the package has")
    for name in ("title", "builder"):
        if not isinstance(getattr(spec_class, name, None), str) or not getattr(spec_class, name):
            raise _RuleError(f"needs a text as {name!r}")
    if not spec_class.__pydantic_complete__:  # type: ignore[attr-defined]
        raise _RuleError("has a field whose type cannot be resolved")
    if from_defaults:
        spec_class()
    return Plugin(entry.group, kind, spec_class.title, package, release)  # type: ignore[attr-defined]


def _raise_rule(rule: str) -> None:
    """Raise the error of a broken rule, if there is one."""
    if rule:
        raise _RuleError(rule)


def _rejection(entry: EntryPoint, error: BaseException) -> RejectedKind:
    package, release = _package(entry)
    where, kind = f"package {package} {release}".rstrip(), f"{package}/{entry.name}"
    rule = f"its {_NOUNS[entry.group]} {entry.name!r} is left out: {entry.value}"
    if isinstance(error, _RuleError):
        return RejectedKind(where, f"{rule} {error}", fix=_LOAD_FIX, group=entry.group, kind=kind)
    reason = shorten(f"{type(error).__name__}: {error}", 120)
    return RejectedKind(where, f"{rule} cannot be imported", reason, _LOAD_FIX, group=entry.group, kind=kind)


class _NoTorch(MetaPathFinder):
    """Refuses torch to a module that is imported into the window's process too."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raise for torch; nothing for any other module."""
        if fullname == "torch":
            raise ImportError("a spec's module must not import torch; what needs it belongs into the builder's module")


@contextmanager
def _without_torch() -> Iterator[None]:
    """Keep what is imported meanwhile from loading torch, where it is not loaded yet."""
    finder = _NoTorch()
    if "torch" not in sys.modules:
        sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)


def kinds_in(data: Any) -> set[str]:
    """The kinds of other packages that stand anywhere in plain spec data, installed or not."""
    if isinstance(data, Mapping):
        values = [data.get(key) for key in _KEYS]
        names = [name for value in values for name in (value if isinstance(value, list | tuple) else (value,))]
        below = set[str]().union(*map(kinds_in, data.values()))
        return below | {name for name in names if isinstance(name, str) and _KIND.fullmatch(name)}
    return set[str]().union(*map(kinds_in, data)) if isinstance(data, list | tuple) else set()


def package_versions(data: Any) -> dict[str, str]:
    """The installed versions of the packages whose kinds spec data have, by package."""
    used = [_plugins[kind] for kind in sorted(kinds_in(data)) if kind in _plugins]
    return {plugin.package: plugin.version for plugin in used}


def unknown_kind(path: str, kind: str) -> Problem | None:
    """What is wrong with a kind of another package that cannot be chosen; None where it is no such kind.

    Args:
        path: Where it stands.
        kind: The kind.
    """
    if not _KIND.fullmatch(kind):
        return None
    package, quoted = kind.partition("/")[0], shorten(repr(kind))
    if plugin := _plugins.get(kind):
        return Problem(path, f"the {plugin.noun} {plugin.title!r} cannot be chosen here", quoted)
    try:
        installed = version(package)
    except PackageNotFoundError:
        rule = f"needs the package {package}, which is not installed"
        return MissingPackage(path, rule, quoted, _install_fix(package), package=package)
    others = ", ".join(plugin.kind for plugin in plugins() if plugin.package == package)
    fix = f"Kinds that it has: {others}." if others else "Install another version of it."
    for problem in _problems:
        if isinstance(problem, RejectedKind) and problem.kind == kind:
            fix = f"Of that package {problem.rule}" + (f" ({problem.found})." if problem.found else ".")
    return Problem(path, f"the package {package} {installed} has no such kind", quoted, fix)


def missing_package(problems: Iterable[Problem], versions: Mapping[str, str]) -> InputError | None:
    """The error that says which packages to install; None where no problem is that a package is missing.

    Args:
        problems: What is wrong with a spec.
        versions: The recorded versions of the packages that it was trained with, by package.
    """
    missing: dict[str, Problem] = {}
    for problem in problems:
        if isinstance(problem, MissingPackage) and problem.package not in missing:
            release = versions.get(problem.package)
            exact = isinstance(release, str) and _VERSION.fullmatch(release)  # it will be pasted into a shell
            requirement = f"{problem.package}=={release}" if exact else problem.package
            missing[problem.package] = replace(problem, fix=_install_fix(requirement))
    return InputError.of(tuple(missing.values())) if missing else None


def _install_fix(requirement: str) -> str:
    return f"If you trust it, install it into the environment of this program: pip install {requirement}"


def builder_of(spec_class: type) -> ModuleType:
    """The module that builds a kind of another package.

    Raises:
        EnvironmentFault: It cannot be imported.
    """
    name, kind = str(spec_class.builder), str(spec_class.model_fields["kind"].default)  # type: ignore[attr-defined]
    try:
        return import_module(name)
    except Exception as error:  # whatever a package does, the run's error must name it
        raise plugin_fault(spec_class, f"{name}, which builds {kind!r}, cannot be imported", error) from error


def plugin_fault(spec_class: type, rule: str, cause: object) -> EnvironmentFault:
    """The error of a kind of another package, which names the package.

    Args:
        spec_class: The spec class of the kind.
        rule: What is wrong.
        cause: What its module raised or returned.
    """
    plugin = _plugins[str(spec_class.model_fields["kind"].default)]  # type: ignore[attr-defined]
    reason = f"{type(cause).__name__}: {cause}" if isinstance(cause, BaseException) else repr(cause)
    return EnvironmentFault(f"package {plugin.package} {plugin.version}", rule, found=reason)
