"""The house rules, read from the imports: who may use whom, and through which door.

A rule takes the parsed rooms and returns what breaks it, one line each. Every rule is held
against the real rooms, and against small fake ones that show that it can fail.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter

from tests.house import COMMAND_LINE, DOORS, HEAVY, INGEST_SEES, LEVEL, ROOMS
from tests.house_modules import House, Module

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
MOST_LINES = 300


def rooms_are_one_way(house: House) -> list[str]:
    """Imports between rooms go one way; nobody imports ui, and ingest stops at the library."""
    broken = []
    for module in house.values():
        allowed = ROOMS[module.room] | {module.room}
        for imported in module.imports:
            where = f"{module.at(imported.line)}: {module.room} imports {imported.name}"
            if imported.top in ROOMS and imported.top not in allowed:
                broken.append(f"{where}, but may import only from {sorted(allowed)}")
            elif module.room == "ingest" and not ingest_sees(imported.name):
                broken.append(f"{where}, but of rag it may import only {sorted(INGEST_SEES)}")
    return broken


def ingest_sees(name: str) -> bool:
    return not name.startswith("rag.") or layer_name(name) in INGEST_SEES


def layer_name(module: str) -> str:
    """``library`` for ``rag.library.catalogue``."""
    return module.split(".")[1]


def layers_point_down(house: House) -> list[str]:
    """Inside rag, imports go to lower layers or stay in their own."""
    broken = []
    for module in house.values():
        if module.room != "rag":
            continue
        if module.name == "rag":  # importing any module of the room runs this one first
            level = -1
        elif layer_name(module.name) in LEVEL:
            level = LEVEL[layer_name(module.name)]
        else:
            broken.append(f"{module.path}: in no layer; add it to LAYERS in tests/house.py")
            continue
        for imported in module.imports:
            if imported.name.startswith("rag."):
                other = LEVEL.get(layer_name(imported.name), level)
                if other > level:
                    broken.append(
                        f"{module.at(imported.line)}: {module.name} (layer {level}) imports "
                        f"{imported.name} (layer {other})"
                    )
    return broken


def no_cycles(house: House) -> list[str]:
    """No module imports itself, however long the way round."""
    graph = {m.name: {i.name for i in m.imports if i.name in house} for m in house.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # The sorter puts what is imported before what imports it, and names the first one twice.
        ring = error.args[1][:0:-1]
        first = ring.index(min(ring))
        ring = [*ring[first:], *ring[:first], ring[first]]
        return ["import cycle: " + " imports ".join(ring)]
    return []


def one_door_per_vendor(house: House) -> list[str]:
    """A vendor is imported only by the files that hide it from the rest."""
    return [
        f"{module.at(imported.line)}: {imported.top} may be imported only in "
        f"{', '.join(DOORS[imported.top])}"
        for module in house.values()
        for imported in module.imports
        if imported.top in DOORS
        and not any(fnmatchcase(module.path, door) for door in DOORS[imported.top])
    ]


def only_settings_read_the_environment(house: House) -> list[str]:
    """rag/settings.py reads the environment; ui/cli.py may hand it over, anyone may write to it.

    Writing is for switches of vendors, as in ``os.environ.setdefault("DO_NOT_TRACK", "1")``.
    """
    return [
        f"{module.at(line)}: only rag/settings.py reads the environment"
        for module in house.values()
        if module.path != "rag/settings.py"
        for line in environment_reads(module)
    ]


def environment_reads(module: Module) -> Iterator[int]:
    nodes = list(ast.walk(module.tree))
    parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    system = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "os"
    }
    for node in nodes:
        match node:
            case ast.ImportFrom(module="os") if ENVIRONMENT & {a.name for a in node.names}:
                yield node.lineno
            case ast.Attribute(value=ast.Name(name), attr=attr) if (
                name in system and attr in ENVIRONMENT
            ):
                match parents[node]:
                    case ast.Subscript(ctx=ast.Store() | ast.Del()):
                        pass
                    case ast.Attribute(attr="setdefault") as method if isinstance(
                        parents.get(parents[method]), ast.Expr
                    ):
                        pass
                    case (ast.Call() | ast.keyword()) as given if (
                        module.path
                        in ("ui/cli.py", "eval/fit.py", "eval/samples.py", "eval/ablate.py")
                        and attr == "environ"
                        and getattr(given, "func", None) is not node
                    ):
                        pass
                    case _:
                        yield node.lineno


def only_quotes_make_a_quote(house: House) -> list[str]:
    """A Quote exists only if rag/quotes.py has compared it with the article."""
    broken = []
    for module in house.values():
        if module.path == "rag/quotes.py":
            continue
        nodes = list(ast.walk(module.tree))
        aliases = {
            alias.asname or alias.name
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name == "Quote"
        }
        for node in nodes:
            match node:
                case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name)) if name in {
                    "Quote",
                    *aliases,
                }:
                    broken.append(f"{module.at(node.lineno)}: only rag/quotes.py makes a Quote")
    return broken


def modules_are_short(house: House) -> list[str]:
    """A module that has grown too long has more than one subject."""
    return [
        f"{module.path}: {module.lines} lines, at most {MOST_LINES}"
        for module in house.values()
        if module.lines > MOST_LINES
    ]


def command_line_starts_light(house: House) -> list[str]:
    """Importing the command line, and all that this imports, imports nothing slow."""
    broken = []
    seen = {COMMAND_LINE}
    trails = [[COMMAND_LINE]] if COMMAND_LINE in house else []
    for trail in trails:  # grows while it is read
        for imported in house[trail[-1]].imports:
            if not imported.at_load:
                continue
            if imported.top in HEAVY:
                broken.append("at start: " + " imports ".join([*trail, imported.top]))
            parts = imported.name.split(".")
            for name in (".".join(parts[: n + 1]) for n in range(len(parts))):
                if name in house and name not in seen:
                    seen.add(name)
                    trails.append([*trail, name])
    return broken


RULES: tuple[Callable[[House], list[str]], ...] = (
    rooms_are_one_way,
    layers_point_down,
    no_cycles,
    one_door_per_vendor,
    only_settings_read_the_environment,
    only_quotes_make_a_quote,
    modules_are_short,
    command_line_starts_light,
)


def rule_name(value: object) -> str | None:
    return getattr(value, "__name__", None)
