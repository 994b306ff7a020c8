"""How kernels are compiled and cached; the only module that knows numba.

Numba takes half a second to import, so a kernel imports it when it is first called. What is
compiled is kept on disk and read again by the next process. The disk cache watches only the file
of the kernel itself, so a kernel calls only kernels of its own file (a test asserts it).
"""

import functools
import types

import numpy as np

# Never plain fastmath=True: it assumes that there is no NaN.
FASTMATH = {"contract", "reassoc", "nsz"}


def kernel(function, inline="never"):
    """Compile a function of scalars and arrays when it is first called."""
    function.inline = inline

    @functools.wraps(function)
    def call(*args):
        return compiled(function)(*args)

    return call


def inlined(function):
    """Make a kernel whose code becomes part of the kernels that call it.

    Numba compiles what a kernel calls by itself and optimises it once more in the kernel, and the
    two may round differently: a process would get other bits than the one that has filled the
    cache. This is compiled in the kernel alone, at every place that calls it: use it where these
    are few.
    """
    return kernel(function, "always")


@functools.cache
def compiled(function):
    """Return the compiled form of a function, cached on disk where a folder is writable."""
    import numba  # here, so that importing skreg does not pay for it

    function = with_compiled_kernels(function)
    if numba.config.DISABLE_JIT:  # a hash overflows, and numpy would report it
        return np.errstate(over="ignore")(function)
    options = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": FASTMATH,
        "inline": function.inline,
    }
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba finds no folder that it may write to
        return numba.njit(**options)(function)


def with_compiled_kernels(function):
    """Return the function with the kernels that it calls in their compiled form."""
    called = {
        name: compiled(function.__globals__[name].__wrapped__)
        for name in function.__code__.co_names
        if hasattr(function.__globals__.get(name), "inline")
    }
    if not called:
        return function
    scope = {**function.__globals__, **called}
    return functools.update_wrapper(
        types.FunctionType(function.__code__, scope, function.__name__), function
    )


def unsigned(indices):
    """Return indices with the same bits, unsigned: of others numba asks whether they are < 0."""
    return indices.view(f"u{indices.itemsize}")
