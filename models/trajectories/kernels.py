"""How the hot loops are compiled: machine code that is kept on disk and runs without the interpreter's lock."""

from typing import Any

from numba import njit
from numba.core.compiler import Compiler


class _Restrict(Compiler):
    """Compile on the promise that no two arguments overlap, as C's `restrict` does."""

    def define_pipelines(self) -> Any:
        self.state.flags.noalias = True
        return super().define_pipelines()  # type: ignore[no-untyped-call]


compiled = njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
row_kernel = njit(nogil=True, cache=True, fastmath=True, error_model="numpy", pipeline_class=_Restrict)
"""For loops over several rows at a time: without the promise they would not be vectorised."""
