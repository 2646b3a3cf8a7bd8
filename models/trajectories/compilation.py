"""Decorators that compile the hot loops (Numba): machine code cached on disk that runs without the GIL.

Python calls a `kernel`. It is compiled with everything that it calls, for one type of each argument, and only it is
cached. Compiling takes seconds, so kernels avoid what Numba turns into much code: assigning an array to a slice, whose
error message alone takes a second; arithmetic on whole arrays; and more than one memory layout for an argument.
"""

import gc
from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.core.compiler import Compiler
from numba.core.registry import cpu_target

Function = TypeVar("Function", bound=Callable[..., Any])


class _Unhindered(Compiler):
    """Compile without garbage collections, which would scan every loaded module many times."""

    def compile_extra(self, func: Any) -> Any:
        collecting = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(func)  # type: ignore[no-untyped-call]
        finally:
            if collecting:
                gc.enable()


class _Restrict(Compiler):
    """Compile assuming that no two arguments overlap, like `restrict` in C."""

    def define_pipelines(self) -> Any:
        self.state.flags.noalias = True
        return super().define_pipelines()  # type: ignore[no-untyped-call]


_PART: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_kernels: list[Any] = []


def kernel(function: Function) -> Function:
    """Compile a function that Python calls."""
    return _kept(function, fastmath=True)


def exact_kernel(function: Function) -> Function:
    """Compile a function that Python calls, keeping the order of its sums as written."""
    return _kept(function, fastmath=False)


def _kept(function: Function, *, fastmath: bool) -> Function:
    options: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    compiled: Function = njit(fastmath=fastmath, pipeline_class=_Unhindered, **options)(function)
    _kernels.append(compiled)
    return compiled


part = njit(fastmath=True, **_PART)
"""For functions that kernels call."""

exact_part = njit(fastmath=False, **_PART)
"""For functions that exact kernels call; without the explicit `fastmath`, they would inherit the caller's."""

body = njit(fastmath=True, inline="always", **_PART)
"""For functions called in one place of one kernel, and inlined there."""

row_part = njit(fastmath=True, pipeline_class=_Restrict, **_PART)
"""For loops over several rows at a time, which would not be vectorised if the rows might overlap."""


def kernels_cached() -> bool:
    """Return whether every imported kernel is in the cache on disk, compiled for this processor."""
    codegen = cpu_target.target_context.codegen()
    for compiled in _kernels:
        cache = compiled._cache
        # The key without its argument types, of which each kernel has one set.
        _, *wanted = cache._index_key(None, codegen)
        if not any(rest == wanted for _, *rest in cache._cache_file._load_index()):
            return False
    return True
