"""Threads, and results whose bits do not depend on how many there are.

BLAS splits products among its threads, and so rounds differently for each number of them, which
joblib changes with `n_jobs`. So fits run BLAS on one thread, where small products are faster, too;
large ones are split by a `Team`, always at the same places.
"""

import functools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController  # scikit-learn depends on it


class SingleThread:
    """Limits BLAS to one thread from the first fit that enters to the last one that leaves.

    The limit belongs to the process: were each of several concurrent fits to restore what it
    found, the first to leave would lift the limit of the others.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.n_inside = 0
        self.limiter = None

    @functools.cached_property
    def controller(self):
        """The BLAS libraries; finding them takes milliseconds, so it is done once."""
        return ThreadpoolController()

    @contextmanager
    def __call__(self):
        """Hold the limit."""
        with self.lock:
            if self.n_inside == 0:
                self.limiter = self.controller.limit(limits=1, user_api="blas")
            self.n_inside += 1
        try:
            yield
        finally:
            with self.lock:
                self.n_inside -= 1
                if self.n_inside == 0:
                    self.limiter.restore_original_limits()


single_thread = SingleThread()


class Flag:
    """Tells other threads to stop; where it was copied to another process, it stays down."""

    up = False


OPERATIONS = 2**20  # that are worth the waking of a thread


def interruptible(factorise, A):
    """Return ``factorise(A)``; Ctrl-C does not wait for LAPACK, which then ends by itself."""
    if A.size < OPERATIONS // 8:
        return factorise(A)
    outcome = Future()

    def work():
        try:
            outcome.set_result(factorise(A))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return outcome.result()


class Team:
    """Threads that share work on arrays.

    Parameters
    ----------
    n_jobs : None or int
        How many, in joblib's words: None is one, -1 all.
    """

    def __init__(self, n_jobs=None):
        self.n_helpers = effective_n_jobs(n_jobs) - 1

    @functools.cached_property
    def helpers(self):
        """The other threads; they end with the team."""
        quiet = functools.partial(np.seterr, all="ignore")  # what is not finite is found later
        return ThreadPoolExecutor(self.n_helpers, initializer=quiet)

    def share(self, length, work, operations=None, size=None):
        """Call ``work(part)`` for slices that make up range(length).

        Parameters
        ----------
        length : int
            Length of all.
        work : callable
            What to do with a slice.
        operations : int, default=None
            How many there are in all; where they are few, one thread does them.
        size : int, default=None
            Length of a slice, where the bits of a result depend on it; None leaves it to the team.
        """
        if size is None:
            most = 4 * (1 + self.n_helpers) if self.n_helpers > 0 else 1
            n_parts = min(most, max(1, int(operations) // OPERATIONS))
            size = -(-length // n_parts)
        if length <= size:
            return work(slice(0, length))
        parts = [slice(start, min(start + size, length)) for start in range(0, length, size)]
        left = iter(parts)

        def take_parts():
            for part in left:
                work(part)

        n_helpers = min(self.n_helpers, len(parts) - 1)
        tasks = [self.helpers.submit(take_parts) for _ in range(n_helpers)]
        try:
            take_parts()
        finally:
            for task in tasks:
                if not task.cancel():
                    task.result()


ALONE = Team()
