"""Freed memory is kept for the next array, where the C library would give it back."""

import functools

import numpy as np

LARGEST = 31 << 20  # bytes; glibc learns nothing from more than 32 MiB


@functools.cache
def keep_freed_memory():
    """Teach glibc to keep freed arrays of up to 31 MiB.

    It gives back to the system what is larger than the largest that it has seen freed; and to get
    it again, page by page, takes longer than to compute with it. Nothing is touched here.
    """
    np.empty(LARGEST, dtype=np.uint8)
