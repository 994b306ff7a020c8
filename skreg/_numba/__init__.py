"""How loops are compiled and cached; nothing else knows numba.

Numba takes half a second to import, so a compiled function imports it when it is first called. The
machine code is kept on disk and read again by the next process. This cache watches only the file of
the function itself, so it calls only compiled functions of its own file (a test asserts it).
"""

import functools
import gc
import importlib
import os
import sys
import threading
import time
import types

import numpy as np

A_WHILE = 1024  # looks at what other threads change: some microseconds
FASTMATH = {"contract", "reassoc", "nsz"}  # what does not assume that there is no NaN


def compiled(function, inline="never"):
    """Compile a function of scalars and arrays when it is first called."""
    function.inline = inline

    @functools.wraps(function)
    def call(*args):
        return dispatcher(function)(*args)

    return call


def inlined(function):
    """Make a compiled function whose code becomes part of those that call it.

    Numba compiles what a function calls by itself and optimises it once more in there, and the
    two may round differently: a process would get other bits than the one that has filled the
    cache. This is compiled in the caller alone, at every place that calls it: use it where these
    are few.
    """
    return compiled(function, "always")


def imported():
    """Return numba, which is imported here, so that importing skreg does not pay for it.

    A thread does it: a Ctrl-C, which would leave half of numba behind for good, does not reach it.
    """
    if "numba" not in sys.modules:
        thread = threading.Thread(target=load, daemon=True)
        thread.start()
        thread.join()
    import numba

    return numba


def load():
    """Import numba; looking for garbage among all that stays would take a third of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module("numba")
    finally:
        if collects:
            gc.enable()


@functools.cache
def dispatcher(function):
    """Return what numba makes of a function, kept on disk where a folder is writable."""
    numba = imported()
    function = with_dispatchers(function)
    if numba.config.DISABLE_JIT:  # a hash overflows, and numpy would report it
        return np.errstate(over="ignore")(function)
    options = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": FASTMATH,
        "inline": function.inline,
        "no_cfunc_wrapper": True,  # nothing in C calls it
    }
    from .cache import cached

    return cached(numba.njit(**options)(function))


lock = threading.Lock()


def reread(numbers, i):
    """Return an integer that another thread may change: a loop would take it once for all."""
    return numbers[i]


def claim(numbers, i, seen):
    """Add 1 to an integer if no other thread has done so since it was seen; return whether."""
    with lock:
        mine = bool(numbers[i] == seen)
        numbers[i] += mine
    return mine


def rest(n_looks):
    """Let another thread have the core, if one waits for it, after a while of vain looks."""
    if n_looks % A_WHILE == 0:
        time.sleep(0)


SHARED = reread, claim, rest


@functools.cache
def atomics():
    """Return what the machine has for `reread`, `claim` and `rest`, by name."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic
    from numba.np.arrayobj import make_array

    def place(context, builder, numbers, arguments):
        array = make_array(numbers)(context, builder, arguments[0])
        return cgutils.get_item_pointer(context, builder, numbers, array, arguments[1:2])

    @intrinsic
    def load(_, numbers, i):
        def generate(context, builder, signature, arguments):
            return builder.load_atomic(place(context, builder, numbers, arguments), "acquire", 8)

        return types.int64(numbers, i), generate

    @intrinsic
    def compare_and_add(_, numbers, i, seen):
        def generate(context, builder, signature, arguments):
            where, old = place(context, builder, numbers, arguments), arguments[2]
            new = builder.add(old, ir.Constant(old.type, 1))
            outcome = builder.cmpxchg(where, old, new, "acq_rel", "acquire")
            return builder.extract_value(outcome, 1)

        return types.boolean(numbers, i, types.int64), generate

    @intrinsic
    def give_way(_, n_looks):
        def generate(context, builder, signature, arguments):
            function = ir.FunctionType(ir.IntType(32), ())
            of_looks = builder.and_(arguments[0], ir.Constant(arguments[0].type, A_WHILE - 1))
            if os.name == "posix":
                known = cgutils.get_or_insert_function(builder.module, function, "sched_yield")
                with builder.if_then(cgutils.is_null(builder, of_looks)):
                    builder.call(known, ())
            return context.get_dummy_value()

        return types.none(types.int64), generate

    return {"reread": load, "claim": compare_and_add, "rest": give_way}


def with_dispatchers(function):
    """Return the function with numba's form of the compiled functions that it calls."""
    used = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    called = {
        name: dispatcher(value.__wrapped__)
        for name, value in used.items()
        if hasattr(value, "inline")
    }
    if not imported().config.DISABLE_JIT:
        shared = [name for name, value in used.items() if any(value is one for one in SHARED)]
        called |= {name: atomics()[name] for name in shared}
    if not called:
        return function
    scope = {**function.__globals__, **called}
    return functools.update_wrapper(
        types.FunctionType(function.__code__, scope, function.__name__), function
    )


def unsigned(indices):
    """Return indices with the same bits, unsigned: of others numba asks whether they are < 0."""
    return indices.view(f"u{indices.itemsize}")
