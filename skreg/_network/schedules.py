"""Learning rates as functions of the step."""

import math

RISE = 0.3  # the share of one cycle in which the rate rises


def _cosine(t, n_steps, power_t):
    """Loshchilov and Hutter (2017), eq. 5, without restarts."""
    return (1 + math.cos(math.pi * t / n_steps)) / 2


def _one_cycle(t, n_steps, power_t):
    """Smith and Topin (2019), section 3, falling along a cosine."""
    rise = RISE * n_steps
    return (t + 1) / (rise + 1) if t < rise else _cosine(t - rise, n_steps - rise, power_t)


# The share of the rate that a step takes, after t others.
SCHEDULES = {
    "constant": lambda t, n_steps, power_t: 1.0,
    "adaptive": lambda t, n_steps, power_t: 1.0,  # of a rate that falls at each plateau
    "invscaling": lambda t, n_steps, power_t: (t + 1) ** -power_t,
    "linear": lambda t, n_steps, power_t: 1 - t / n_steps,
    "cosine": _cosine,
    "one_cycle": _one_cycle,
}


def schedule(kind, rate, *, n_steps=None, power_t=0.5, warmup=0):
    """Return the learning rate as a function of the step, which counts from 0.

    Parameters
    ----------
    kind : str
        One of `SCHEDULES`. 'linear', 'cosine' and 'one_cycle' reach 0 after n_steps.
    rate : float
        The highest learning rate.
    n_steps : None or int, default=None
        Steps of the training; 'constant', 'adaptive' and 'invscaling' do not ask.
    power_t : float, default=0.5
        For 'invscaling', ``rate / (t + 1) ** power_t``. scikit-learn's t counts samples, and its
        rate changes between epochs only.
    warmup : int, default=0
        Steps in which the rate rises linearly, before the schedule begins.

    Returns
    -------
    callable
        ``step -> rate``.
    """
    share = SCHEDULES[kind]
    left = None if n_steps is None else max(1, n_steps - warmup)

    def rate_of_step(step):
        if step < warmup:
            return rate * (step + 1) / (warmup + 1)
        t = step - warmup
        return rate * share(t if left is None else min(t, left), left, power_t)

    return rate_of_step
