"""The house keeps its shape: floors, compiled loops, sizes, and an import that is light."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skreg

ROOT = Path(skreg.__file__).parent
FLOORS = [
    {"_numba", "_threads", "_memory", "_convergence", "_checks", "_cost"},
    {"_data"},
    {"_problem"},
    {"_solvers", "_network"},
    {"linear_model", "neural_network"},
    {"__init__", "__main__"},
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(ROOT.rglob("*.py"))


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_rooms(path):
    """Yield the rooms of skreg that a file imports."""
    package = path.relative_to(ROOT.parent).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = (*base, *(node.module or "").split(".")) if node.module else base
            names = (
                [(*target, alias.name) for alias in node.names] if len(target) == 1 else [target]
            )
        elif isinstance(node, ast.ImportFrom):
            names = [tuple(node.module.split("."))]
        elif isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        else:
            continue
        for name in names:
            if name[0] == "skreg":
                yield name[1] if len(name) > 1 and name[1] in FLOOR else "__init__"


def test_every_room_has_a_floor():
    assert {room(path) for path in FILES} == set(FLOOR)


def test_imports_point_downward():
    upward = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in FILES
        for other in imported_rooms(path)
        if room(path) not in (other, "__main__") and FLOOR[other] >= FLOOR[room(path)]
    ]
    assert upward == []


@pytest.mark.parametrize("package", [ROOT, ROOT.parent / "benchmarks"], ids=lambda path: path.name)
def test_no_module_imports_itself_by_way_of_others(package):
    modules = {path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py")}
    graph = {module: set(imported_modules(package.parent, module, modules)) for module in modules}
    assert len(list(TopologicalSorter(graph).static_order())) == len(modules)


def imported_modules(root, module, modules):
    """Yield the modules beside it, or within its package, that a module imports by name."""
    for node in ast.walk(ast.parse((root / module.with_suffix(".py")).read_text("utf8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = module.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            yield from {base, *(base / alias.name for alias in node.names)} & modules


def test_only_the_room_of_numba_imports_it():
    importing = re.compile(r"^\s*(import|from) numba\b", re.MULTILINE)
    importers = {room(path) for path in FILES if importing.search(path.read_text("utf8"))}
    assert importers == {"_numba"}


def test_compiled_functions_call_only_those_of_their_own_file():
    # The disk cache watches only the function's own file.
    compiled = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(mark, ast.Name) and mark.id in ("compiled", "inlined")
                for mark in node.decorator_list
            ):
                compiled[path, node.name] = node
    assert compiled
    names = {name for _, name in compiled}
    for (path, _), node in compiled.items():
        called = {
            n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and hasattr(n.func, "id")
        }
        assert all((path, name) in compiled for name in called & names)


# Lines of code, without docstrings, comments and what is blank.
LINES_OF_FILE, LINES_OF_FUNCTION, ARGUMENTS = 400, 40, 12
MANY_PARAMETERS = {  # of the public, as scikit-learn's have
    *("lasso_path", "enet_path", "ridge_path", "logistic_path", "poisson_path"),
    *("group_lasso_path", "group_logistic_path"),
    "huber_path",
}
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def lines_of_code(source, tree):
    """Return the numbers of the lines that have code."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))  # docstrings
    return lines


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    source = path.read_text("utf8")
    tree = ast.parse(source)
    lines = lines_of_code(source, tree)
    assert len(lines) <= LINES_OF_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            length = len(lines & set(range(node.lineno, node.end_lineno + 1)))
            assert length <= LINES_OF_FUNCTION, f"{node.name} has {length} lines"
            a = node.args
            count = len([*a.posonlyargs, *a.args, *a.kwonlyargs])
            assert count <= ARGUMENTS or node.name in MANY_PARAMETERS, f"{node.name} takes {count}"


def test_import_loads_what_scikit_learn_loads_and_nothing_more():
    """Not numba, which takes a second; so import compiles nothing either."""
    code = (
        "import sys, sklearn.linear_model; before = set(sys.modules); import skreg; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert set(loaded) - sys.stdlib_module_names == {"skreg"}
