"""Contract: every module of the engine has a test file of its name, or is named by the test that covers it.

A test names a module by importing it, or by its path in a line ``Covers: …`` of its docstring; a path that ends with a
slash names every module of a package, for tests that take all of its kinds.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "mtl_core").rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py")
)
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def test_every_module_of_the_engine_has_a_test_that_names_it() -> None:
    named = set(_named_paths())
    imported = set(_imported_modules())
    assert [
        module
        for module in MODULES
        if not _has_test_of_its_name(module)
        and module.removesuffix(".py").replace("/", ".") not in imported
        and not {module, f"{module.rpartition('/')[0]}/"} & named
    ] == []


def test_what_tests_say_that_they_cover_exists() -> None:
    assert [path for path in _named_paths() if not (ROOT / path).exists()] == []


def _has_test_of_its_name(module: str) -> bool:
    """Whether ``tests`` has the name in the folder of the module's package, or in one of its folders."""
    parts = Path(module).parts
    folder = ROOT / "tests" / (parts[1] if len(parts) > 2 else "")
    return any(folder.rglob(f"test_{Path(module).stem}.py"))


def _named_paths() -> Iterator[str]:
    for test in TESTS:
        docstring = ast.get_docstring(ast.parse(test.read_text("utf-8"))) or ""
        for paths in re.findall(r"^Covers: (.*?)\.$", docstring, re.MULTILINE | re.DOTALL):
            yield from re.split(r",\s+", paths)


def _imported_modules() -> Iterator[str]:
    for test in TESTS:
        for node in ast.walk(ast.parse(test.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
