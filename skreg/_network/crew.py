"""Threads that stay together while a network is trained.

A step takes milliseconds and is shared a dozen times. To wake a thread that sleeps takes a tenth
of one, so those of a crew look out for what is next, without Python's lock, before they sleep.
"""

import os
from collections import deque
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np
from joblib import cpu_count

from .._numba import compiled, reread, rest
from .._threads import Team, helpers

LOOKS = 2**20  # before a thread leaves: a millisecond


class Crew(Team):
    """A team for one fit.

    Parameters
    ----------
    team : Team
        How many threads there may be.
    """

    def __init__(self, team):
        self.team, self.work, self.errors = team, None, deque()
        self.handed_out = np.zeros(1, np.int64)  # how often
        # by helper: whether it is here, and whether it works
        self.here, self.busy = set(), np.zeros(cpu_count() - 1, np.int64)
        self.process = os.getpid()

    @property
    def n_helpers(self):
        """How many there are besides the one that asks: those on no core of their own hinder."""
        return min(self.team.n_helpers, len(self.busy))

    @contextmanager
    def helped(self, n_helpers, work, stop):
        """Hand out some work; at the end it is stopped, and who has begun waited for."""
        if self.process != os.getpid():  # a fork has left the helpers behind
            self.__init__(self.team)
        self.work = work
        try:
            with suppress(RuntimeError):  # where the system allows no more threads
                for k in set(range(n_helpers)) - self.here:
                    helpers().submit(partial(self._look_out, k, int(self.handed_out[0])))
                    self.here.add(k)
            self.handed_out += 1
            yield
        finally:
            stop()
            while not all_rest(self.busy, LOOKS):
                pass  # a Ctrl-C comes between
        if self.errors:
            raise self.errors.popleft()

    def _look_out(self, k, seen):
        """Do what is handed out until nothing is for a while."""
        while is_other(self.handed_out, seen, LOOKS):
            seen, self.busy[k] = int(self.handed_out[0]), 1
            try:
                self.work()
            except BaseException as error:
                self.errors.append(error)
            self.busy[k] = 0
        self.here.discard(k)


@compiled
def is_other(number, seen, n_looks):
    """Look at a number until it is another one; return whether it is."""
    while reread(number, 0) == seen and n_looks > 0:
        n_looks -= 1
        rest(n_looks)
    return n_looks > 0


@compiled
def all_rest(busy, n_looks):
    """Look at flags until all are 0; return whether they are."""
    for k in range(len(busy)):
        n_left = n_looks
        while reread(busy, k) != 0:
            n_left -= 1
            if n_left == 0:
                return False
            rest(n_left)
    return True
