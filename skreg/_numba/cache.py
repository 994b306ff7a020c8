"""Machine code on disk: loaded without numba's compiler, and compiled by one process for all.

It imports numba, so it is imported itself only where a loop is first called.
"""

import os
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from numba.core.caching import FunctionCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime.nrt import rtsys

PATIENCE = 60  # seconds to wait for another process, which may hang


def cached(function):
    """Keep on disk what numba compiles of a function, and read it again."""
    with suppress(RuntimeError):  # there is no folder that may be written to
        function._cache = Cache(function.py_func)
        function.compile = in_turn(function)
    return function


class Cache(FunctionCache):
    """The machine code of one function.

    Attributes
    ----------
    turn : ExitStack
        Holds the lock of a process that compiles the function, which ends with the compilation.
    """

    def __init__(self, function):
        super().__init__(function)
        self.turn = ExitStack()

    def load_overload(self, signature, target):
        """Return what this or another process has compiled, or None: then compile it."""
        code = self.load(signature, target)
        if code is None:
            with suppress(OSError):  # the folder may be read-only by now
                lock = Path(self.cache_path, f"{self._impl.filename_base}.lock")
                self.turn.enter_context(alone(lock))
            code = self.load(signature, target)
        return code

    def load(self, signature, target):
        """Return what is on disk.

        Numba's own method first loads all that its compiler knows, for 0.2 s. Machine code needs
        the runtime alone. After an update of skreg the index may name classes that are elsewhere
        now, which numba asks for before it sees that the file has changed.
        """
        rtsys.initialize(target)
        try:
            with self._guard_against_spurious_io_errors():
                return self._load_overload(signature, target)
        except (AttributeError, ImportError):
            self.flush()
        return None


def in_turn(function):
    """Return the method that loads or compiles a function; at its end another process may.

    The lock of threads comes first: who has it may need what another thread waits for.
    """
    load_or_compile = function.compile

    def compile(signature):
        with global_compiler_lock, function._cache.turn:
            return load_or_compile(signature)

    return compile


@contextmanager
def alone(path):
    """Wait until no other process is in here; the lock of one that is killed ends with it."""
    with path.open("ab") as file:
        deadline = time.monotonic() + PATIENCE
        while not locked(file) and time.monotonic() < deadline:
            time.sleep(0.02)
        yield


def locked(file):
    """Lock a file until it is closed; tell whether that was not in vain."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # another process has it
        return False
    except OSError:  # a disk without locks
        return True
    return True
