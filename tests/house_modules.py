"""The rooms, parsed: each module with its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.house import ROOMS, TOP


@dataclass(frozen=True)
class Import:
    """One import, absolute; `at_load` when importing the module itself carries it out."""

    name: str
    line: int
    at_load: bool

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One file of a room."""

    name: str
    path: str
    lines: int
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    def at(self, line: int) -> str:
        return f"{self.path}:{line}"


House = Mapping[str, Module]


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def parse(sources: Mapping[str, str]) -> House:
    """The house in `sources`, which maps paths such as ``rag/text.py`` to their text."""
    names = {module_name(path) for path in sources}
    house = {}
    for path, source in sorted(sources.items()):
        tree = ast.parse(source, filename=path)
        name = module_name(path)
        package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
        imports = tuple(
            Import(imported, node.lineno, at_load)
            for node, at_load in walk(tree)
            for imported in imported_by(node, package, names)
        )
        house[name] = Module(name, path, len(source.splitlines()), tree, imports)
    return house


def walk(node: ast.AST, at_load: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below `node`, and whether importing the module carries it out."""
    for child in ast.iter_child_nodes(node):
        now = at_load and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            now = now and child not in node.body
        yield child, now
        yield from walk(child, now)


def imported_by(node: ast.AST, package: str, names: set[str]) -> Iterator[str]:
    """The absolute names that `node` imports; what is imported from a package may be a module."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                deeper = f"{base}.{alias.name}"
                yield deeper if deeper in names else base
        case ast.Call(
            func=ast.Name("__import__" | "import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name


def read_house(rooms: Iterable[str] = ROOMS) -> House:
    """The modules of these folders."""
    files = (file for room in rooms for file in (TOP / room).rglob("*.py"))
    return parse({f.relative_to(TOP).as_posix(): f.read_text(encoding="utf-8") for f in files})
