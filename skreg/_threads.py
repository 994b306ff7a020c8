"""Threads, and results whose bits do not depend on how many there are.

BLAS splits products among its threads, and so rounds differently for each number of them, which
joblib changes with `n_jobs`. So fits run BLAS on one thread, and split what is large themselves,
always at the same places: a `Team` shares the parts. The team of a fit, `OTHERS`, has the threads
that BLAS would have been allowed.
"""

import functools
import os
import queue
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import ContextDecorator, contextmanager, suppress

import numpy as np
from joblib import cpu_count, effective_n_jobs
from threadpoolctl import ThreadpoolController  # scikit-learn depends on it


class SingleThread(ContextDecorator):
    """Limits BLAS to one thread from the first fit that enters to the last one that leaves.

    The limit belongs to the process: were each of several concurrent fits to restore what it
    found, the first to leave would lift the limit of the others.

    Attributes
    ----------
    found : dict
        How many threads each BLAS was allowed when the first fit entered, where more than one.
    allowed : int
        The least of all; 1 where threadpoolctl knows no BLAS, as it does not know Apple's.
    inside : dict
        How often each thread is in a fit.
    """

    def __init__(self):
        self.lock, self.found, self.allowed, self.inside = threading.Lock(), {}, 1, {}

    @functools.cached_property
    def libraries(self):
        """The BLAS libraries; finding them takes milliseconds, so it is done once."""
        return ThreadpoolController().select(user_api="blas").lib_controllers

    def __enter__(self):
        """Hold the limit."""
        thread = threading.get_ident()
        with self.lock:
            if not self.found:
                allowed = {blas: blas.num_threads for blas in self.libraries}
                self.allowed = min(allowed.values(), default=1)
                self.found = {blas: n for blas, n in allowed.items() if n > 1}
                for blas in self.found:
                    limit(blas, 1)
            self.inside[thread] = self.inside.get(thread, 0) + 1

    def __exit__(self, *error):
        """Let it go."""
        thread = threading.get_ident()
        with self.lock:
            self.inside[thread] -= 1
            if self.inside[thread] == 0:
                del self.inside[thread]
            if not self.inside:
                while self.found:
                    limit(*self.found.popitem())

    def after_fork(self):
        """Forget the other threads, which a child does not have; their limit ends with a fit."""
        thread = threading.get_ident()
        self.lock = threading.Lock()
        self.inside = {own: n for own, n in self.inside.items() if own == thread}


def limit(blas, n_threads):
    """Set how many threads a BLAS has, for all that call it.

    Newer versions of threadpoolctl do nothing where another thread has done so before and lives:
    a fit in a thread would hold no limit.
    """
    getattr(blas, "_real_set_num_threads", blas.set_num_threads)(n_threads)


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


class Helpers:
    """Threads that do what they are asked, and then wait.

    They are started one by one when first asked, and no process waits for them at its end: those
    of a ThreadPoolExecutor would never end where a Ctrl-C comes while one is started.
    """

    def __init__(self):
        self.tasks, self.n_threads = queue.SimpleQueue(), 0

    def submit(self, work):
        """Return the Future of a call."""
        if self.n_threads < cpu_count():
            threading.Thread(target=serve, args=(self.tasks,), daemon=True, name="skreg").start()
            self.n_threads += 1
        task = Future()
        self.tasks.put((task, work))
        return task


def serve(tasks):
    """Do one task after the other."""
    np.seterr(all="ignore")  # what is not finite is found later
    while True:
        task, work = tasks.get()
        if task.set_running_or_notify_cancel():
            try:
                task.set_result(work())
            except BaseException as error:
                task.set_exception(error)
        del task, work  # or they would live until the next


@functools.cache
def helpers():
    """Return the threads of all teams of this process."""
    return Helpers()


class Team:
    """Threads that share work on arrays.

    Parameters
    ----------
    n_jobs : None or int
        How many, in joblib's words: None is one, -1 all.
    """

    def __init__(self, n_jobs=None):
        self.n_helpers = effective_n_jobs(n_jobs) - 1

    def share(self, length, work, operations=None, size=None):
        """Call ``work(part)`` for slices that make up range(length).

        Where a thread fails or sees a Ctrl-C, the others end with the slice that they are at.

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
            try:
                for part in left:
                    work(part)
            finally:  # nobody takes another
                deque(left, 0)

        n_helpers = min(self.n_helpers, len(parts) - 1)
        with self.helped(n_helpers, take_parts, lambda: deque(left, 0)):
            take_parts()

    @contextmanager
    def helped(self, n_helpers, work, stop):
        """Let helpers do some work, too; at the end it is stopped, and who has begun waited for."""
        tasks = []
        try:
            with suppress(RuntimeError):  # where the system allows no more threads
                for _ in range(n_helpers):
                    tasks.append(helpers().submit(work))
            yield
        finally:
            stop()
            for task in tasks:
                if not task.cancel():
                    task.result()

    def sum(self, length, term, size):
        """Return the sum of the arrays ``term(part)`` for slices of a size, added in their order.

        A term waits for those before it: there are hardly more at once than threads.
        """
        if length <= size:
            return term(slice(0, length))
        waiting, lock, at, total = {}, threading.Lock(), 0, None

        def work(part):
            nonlocal at, total
            waiting[part.start] = term(part)
            with lock:
                while at in waiting:
                    last = waiting.pop(at)
                    total = last if total is None else np.add(total, last, out=total)
                    at += size

        self.share(length, work, size=size)
        return total

    def joined(self, length, piece, size):
        """Return the arrays ``piece(part)`` for slices of a size, one after the other."""
        if length <= size:
            return piece(slice(0, length))
        pieces = {}

        def work(part):
            pieces[part.start] = piece(part)

        self.share(length, work, size=size)
        return np.concatenate([pieces[start] for start in sorted(pieces)])


class Others(Team):
    """What a fit may ask: its part of the threads that BLAS was allowed."""

    def __init__(self):
        """Fix no number: it changes with the fits that are under way."""

    @property
    def n_helpers(self):
        """How many there are for each thread that is in a fit."""
        n_inside = len(single_thread.inside)
        return max(0, single_thread.allowed // n_inside - 1) if n_inside else 0


def after_fork():
    """Begin anew in a child, where only the thread that has forked is left."""
    helpers.cache_clear()
    single_thread.after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=after_fork)

ALONE, OTHERS = Team(), Others()
