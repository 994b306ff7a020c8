"""Fits run BLAS on one thread: the bits of a result must not depend on how many there are.

BLAS splits products among its threads, and so rounds differently for each number of them, which
joblib changes with `n_jobs`. Small products are faster on one thread, too.
"""

import functools
import threading
from contextlib import contextmanager

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
