"""The architecture, checked on the syntax: layers import downwards only, without cycles, and at the top of a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "srcgrad"

LAYERS = (
    ("span", "errors", "config"),
    ("ops",),
    ("ir",),
    ("infer", "library"),
    ("analysis", "opt", "realify"),
    ("frontend",),
    ("adjoint", "parallel", "device"),
    ("emit",),
    ("runtime",),
    ("transforms",),
    ("pipeline",),
    ("backend",),
    ("api", "differences", "testing", "optim", "app", "cuda", "__main__", "__init__", "data"),
)
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}
MODULES = {p.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", "."): p for p in ROOT.rglob("*.py")}
TYPING_ONLY = "TYPE_CHECKING"


def part_of(module: str) -> str:
    """The first component below `srcgrad`."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and TYPING_ONLY in ast.unparse(node.test)


def imports(path: Path) -> set[str]:
    """The srcgrad modules that a file imports when it runs (those under TYPE_CHECKING left out)."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if is_typing_only(node):
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            found.update(resolve(node.module, alias.name) for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return {name for name in found if name == "srcgrad" or name.startswith("srcgrad.")}


def resolve(module: str, name: str) -> str:
    """The module meant by `from module import name`."""
    inner = f"{module}.{name}"
    return inner if inner in MODULES or f"{inner}.__init__" in MODULES else module


def canonical(module: str) -> str:
    return f"{module}.__init__" if f"{module}.__init__" in MODULES else module


GRAPH = {name: {canonical(m) for m in imports(path)} for name, path in MODULES.items()}


def test_every_part_has_a_layer() -> None:
    assert {part_of(name) for name in MODULES} <= set(HEIGHT)


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_imports_point_downwards(module: str) -> None:
    own = HEIGHT[part_of(module)]
    wrong = [m for m in GRAPH[module] if HEIGHT[part_of(m)] > own]
    assert not wrong, f"{module} imports from a higher layer: {wrong}"


def test_no_cycles() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, "import cycle: " + " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in sorted(GRAPH.get(module, ())):
                visit(other, (*path, module))
            done.add(module)

    for module in sorted(GRAPH):
        visit(module, ())


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_imports_inside_functions(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    inside = [
        inner.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not inside, f"{module}: imports inside functions at lines {inside}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_numba_is_imported_by_the_back_end_only(module: str) -> None:
    if part_of(module) in ("backend", "runtime", "app"):
        return
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert not names & {"numba", "llvmlite"}


def test_the_runtime_imports_nothing_but_the_procedures_it_compiles() -> None:
    above = {m for name, found in GRAPH.items() if part_of(name) == "runtime" for m in found}
    assert {m for m in above if part_of(m) != "runtime"} <= {"srcgrad.ops", "srcgrad.ops.procedures"}
    assert not GRAPH["srcgrad.ops.procedures"]


def test_a_cycle_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GRAPH, "srcgrad.span", {"srcgrad.errors"})
    monkeypatch.setitem(GRAPH, "srcgrad.errors", {"srcgrad.span"})
    with pytest.raises(AssertionError, match="import cycle"):
        test_no_cycles()


def test_an_upward_import_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GRAPH, "srcgrad.ir.types", {"srcgrad.pipeline"})
    with pytest.raises(AssertionError, match="higher layer"):
        test_imports_point_downwards("srcgrad.ir.types")
