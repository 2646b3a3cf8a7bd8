"""How the hot loops are compiled: machine code that is kept on disk and runs without the interpreter's lock."""

from typing import Any

import numpy as np
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


# Said outright: a kernel that says nothing of fast arithmetic is compiled like its caller.
@njit(nogil=True, cache=True, fastmath=False, error_model="numpy")
def reciprocal(x: np.float32) -> np.float32:
    """Return 1 / x to the last bit; fast arithmetic on vectors only estimates it, and not alike on every processor."""
    return np.float32(1) / x
