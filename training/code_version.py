"""What a function depends on, as a hash: its own definition and those that it uses, in our packages.

Dependencies are followed from definition to definition, through the imports between: a function needs the names that it
mentions, which need theirs. Whatever else a module defines does not count, so that a new error class or a change to how
progress is logged does not make hours of work stale. Statements that do more than bind a name, and definitions with
decorators, always count once their module is needed, since their effects do not show in names.

Comments, docstrings, layout, the annotations of functions and what ``if TYPE_CHECKING`` guards do not count.
"""

import ast
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

PACKAGES = ("models", "training")

EVERYTHING = "*"
"""Stands for all names of a module."""


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level of a module.

    Attributes
    ----------
    code : str
        What it does.
    names : frozenset of str
        Those that it binds.
    always : bool
        Whether it counts even if none of them is used.
    uses : frozenset of (str, str)
        Modules with the names in them that it mentions.
    """

    code: str
    names: frozenset[str]
    always: bool
    uses: frozenset[tuple[str, str]]


class Sources:
    """The sources of modules.

    Parameters
    ----------
    sources : mapping of str to str
        By the name of the module.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = dict(sources)
        self._statements: dict[str, list[_Statement]] = {}

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read all modules of `PACKAGES`, whose folders are in `root`."""
        files = (file for package in PACKAGES for file in (root / package).rglob("*.py"))
        return cls({_module_of(file.relative_to(root)): file.read_text(encoding="utf-8") for file in files})

    def version(self, module: str, name: str) -> str:
        """Return the hash of a definition.

        Raises
        ------
        LookupError
            If there is no such definition.
        """
        if not any(name in statement.names for statement in self._of(module)):
            raise LookupError(f"{module} does not define {name}")
        needed: dict[tuple[str, int], str] = {}
        todo, seen = [(module, name)], set[tuple[str, str]]()
        while todo:
            wanted = todo.pop()
            if wanted in seen or wanted[0] not in self._sources:
                continue
            seen.add(wanted)
            module, name = wanted
            if parent := module.rpartition(".")[0]:
                todo.append((parent, ""))  # importing a module also runs the package that holds it
            for number, statement in enumerate(self._of(module)):
                counts = statement.always or name == EVERYTHING or name in statement.names
                if counts and (module, number) not in needed:
                    needed[module, number] = statement.code
                    todo += statement.uses
        content = "\n".join(f"{module} {code}" for (module, _), code in sorted(needed.items()))
        return hashlib.sha256(content.encode()).hexdigest()

    def _of(self, module: str) -> list[_Statement]:
        if module not in self._statements:
            tree = _Bare().visit(ast.parse(self._sources[module]))
            self._statements[module] = [one for node in tree.body for one in self._read(module, node)]
        return self._statements[module]

    def _read(self, module: str, node: ast.stmt) -> Iterator[_Statement]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:  # one by one, for one of them may be needed without the others
                one = ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
                bound = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
                yield _Statement(ast.dump(one), frozenset({bound}), False, frozenset(self._uses(module, one)))
        else:
            names = frozenset(_bound_by(node))
            always = not names or bool(getattr(node, "decorator_list", ()))
            yield _Statement(ast.dump(node), names, always, frozenset(self._uses(module, node)))

    def _uses(self, module: str, node: ast.AST) -> Iterator[tuple[str, str]]:
        for part in ast.walk(node):
            match part:
                case ast.Name(name):
                    yield module, name
                case ast.Import(aliases):
                    yield from ((alias.name, EVERYTHING) for alias in aliases)
                case ast.ImportFrom(source, aliases):
                    for alias in aliases:
                        submodule = f"{source}.{alias.name}"
                        yield (submodule, EVERYTHING) if submodule in self._sources else (str(source), alias.name)


class _Bare(ast.NodeTransformer):
    """Removes what does not count."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def _bound_by(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, if it does nothing else; an import is read apart."""
    match node:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            yield name
        case ast.AnnAssign(ast.Name(name)):
            yield name
        case ast.Assign(targets):
            elements = [each for target in targets for each in getattr(target, "elts", [target])]
            if all(isinstance(element, ast.Name) for element in elements):
                yield from (element.id for element in elements)


def _module_of(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Read once, when the process starts: what has been imported does what these say, whatever is edited while it runs.
_LOADED = Sources.read(Path(__file__).parents[1])


@cache
def code_version(function: Callable[..., Any]) -> str:
    """Return the hash of a function of one of our packages, as it was when this process started.

    Raises
    ------
    LookupError
        If it is not defined at the top level of a module there.
    """
    return _LOADED.version(function.__module__, function.__qualname__)
