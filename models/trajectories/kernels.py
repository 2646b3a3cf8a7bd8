"""How the hot loops are compiled: machine code that is kept on disk and runs without the interpreter's lock.

What Python calls is a `kernel`; it is compiled for one type of each argument, with all that it calls, and only it is
kept. Compiling takes seconds, so kernels avoid what numba makes much code of: assignments of arrays to slices, whose
error message alone takes a second; arithmetic on whole arrays; and arrays of more than one layout for one argument.
"""

import gc
from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.core.compiler import Compiler
from numba.core.registry import cpu_target

Function = TypeVar("Function", bound=Callable[..., Any])


class _Unhindered(Compiler):
    """Compile without garbage collections, which would go through all that is loaded, torch for one, many times."""

    def compile_extra(self, func: Any) -> Any:
        collecting = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(func)  # type: ignore[no-untyped-call]
        finally:
            if collecting:
                gc.enable()


class _Restrict(Compiler):
    """Compile on the promise that no two arguments overlap, as C's `restrict` does."""

    def define_pipelines(self) -> Any:
        self.state.flags.noalias = True
        return super().define_pipelines()  # type: ignore[no-untyped-call]


_PART: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_kernels: list[Any] = []


def kernel(function: Function) -> Function:
    """Compile what Python calls."""
    return _kept(function, fastmath=True)


def exact_kernel(function: Function) -> Function:
    """Compile what Python calls and whose sums are to be taken in the order in which they are written."""
    return _kept(function, fastmath=False)


def _kept(function: Function, *, fastmath: bool) -> Function:
    options: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    compiled: Function = njit(fastmath=fastmath, pipeline_class=_Unhindered, **options)(function)
    _kernels.append(compiled)
    return compiled


part = njit(fastmath=True, **_PART)
"""For what kernels call."""

exact_part = njit(fastmath=False, **_PART)
"""For what exact kernels call. It says so: a part that says nothing of fast arithmetic is compiled as its caller is."""

body = njit(fastmath=True, inline="always", **_PART)
"""For what one kernel calls in one place, and is compiled with it."""

row_part = njit(fastmath=True, pipeline_class=_Restrict, **_PART)
"""For loops over several rows at a time: without the promise they would not be vectorised."""


def on_disk() -> bool:
    """Tell whether all kernels that are imported were compiled for this machine before, so that none will be now."""
    codegen = cpu_target.target_context.codegen()
    for compiled in _kernels:
        cache = compiled._cache
        # Of processor and code; which types a kernel was compiled for is not asked, as there is one of each.
        _, *wanted = cache._index_key(None, codegen)
        if not any(rest == wanted for _, *rest in cache._cache_file._load_index()):
            return False
    return True
