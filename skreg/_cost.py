"""When a way to an answer pays: every threshold between two ways that lead to the same one.

A Design carries a Cost, which a test may replace to choose the other way. The numbers were measured
on two cores with OpenBLAS; what they are relative to does not depend on the machine by much.
"""

from typing import NamedTuple

import numpy as np


class Cost(NamedTuple):
    """Thresholds, and the questions that they decide.

    Attributes
    ----------
    largest_gram : int
        Columns of a Gram matrix, or samples of a kernel, at the most: 288 MB.
    always_gram : int
        Columns that share a Gram matrix, however few numbers are in them: its factor takes 17 ms.
    gram_of_model : int
        The same for a quadratic model of a loss, where sweeps over the data would be many more: in
        text with small alphas 460 against 275, and the end is never reached where that takes 400.
    passes_of_products : float
        Passes over the data that the decomposition of a fold may take.
    steps_of_target : float
        What each target beside the first adds to a step of conjugate gradients, in those of one: as
        measured on sparse data, 0.26 to 0.5.
    numbers_in_cube : float
        Multiplications of a factor, which are a third of a cube, for a number in a pass: 25 in a
        nanosecond, and 1.3 numbers.
    numbers_in_call : float
        Numbers of a pass that are read while a product is called.
    few_steps : int
        Steps in which conjugate gradients seldom reach ten digits: a factor that takes no longer is
        made at once. They need 15 to 30 for sparse columns at random, and more for others.
    part_of_trial : float
        Part of the steps that take as long as a factor, after which a rate is believed: so much is
        lost where the factor had to be made. In text, the first steps find frequent words, and say
        nothing of what follows.
    factors_of_spectrum : int
        Factors that take as long as an eigendecomposition.
    largest_least_squares : float
        Samples and columns times the square of the columns, of a matrix that is decomposed itself.
    longest_side : int
        Of a matrix whose eigenvectors are computed: 288 MB, two minutes.
    quick_side : int
        Of one that takes milliseconds.
    few_samples : int
        Samples whose kernel is made where they are more than columns, for the sake of digits.
    numbers_of_columns : float
        Numbers in columns that are decomposed themselves, for the sake of digits.
    free_columns : int
        Columns without a penalty, or samples where these are fewer, that the certificate
        factorises.
    free_by_coordinates : int
        Bounded columns without a penalty that coordinate descent solves in seconds.
    numbers_at_once : int
        Numbers in the coefficients and residuals that are solved for at once: 1 GiB.
    longest_call : int
        Numbers that a compiled loop reads before Python may see a Ctrl-C.
    stage : float
        Numbers that could be read while Python goes through a stage of a path.
    passes_of_stage : float
        Passes over tall data of a stage that leads to a single alpha.
    early_stages : int
        Stages in which few columns enter a working set.
    passes_of_late_stage : float
        Passes over the data that take as long as one after these.
    small_newton : float
        Products of two numbers that a Newton step on a few columns may take, where the loop that
        sweeps takes it itself.
    newton_call, newton_cube : float
        What a round of Newton steps on more takes, also per cube of its columns, in such products.
    rows_of_system : int
        Rows of a Newton step, relative to the targets, for which systems of their number are
        quicker than conjugate gradients.
    newton_step, sweep, cube : float
        What a Newton step and a sweep on rows take beside their products, and the systems of a
        step, per cube of the rows; in products of a sweep, which are some 5e9 in a second.
    numbers_of_part : int
        Numbers of X in a part of a product that is worth the waking of a thread: 0.1 ms, where
        waking takes 0.05.
    lines_of_part : int
        Rows or columns in a part of the product with one target; 256 with many, as a matrix that
        is multiplied with fewer takes time to arrange.
    rows_of_part : int
        Rows in a part of a Gram matrix. Each part has a matrix of its own to add up, which with so
        many costs one thread 1 to 3 % (with 2000 rows 3 to 9 %), and never memory beyond half of X.
    most_parts : int
        Parts at the most. Their number is a power of two, so that no thread is left with one more.
    """

    largest_gram: int = 6000
    always_gram: int = 1000
    gram_of_model: int = 4000
    passes_of_products: float = 100.0
    steps_of_target: float = 0.4
    numbers_in_cube: float = 20.0
    numbers_in_call: float = 1e4
    few_steps: int = 20
    part_of_trial: float = 0.1
    factors_of_spectrum: int = 15
    largest_least_squares: float = 1e9
    longest_side: int = 6000
    quick_side: int = 200
    few_samples: int = 2000
    numbers_of_columns: float = 5e7
    free_columns: int = 2000
    free_by_coordinates: int = 1000
    numbers_at_once: int = 1 << 27
    longest_call: int = 1 << 27
    stage: float = 2e5
    passes_of_stage: float = 0.8
    early_stages: int = 3
    passes_of_late_stage: float = 2.9
    small_newton: float = 5e4
    newton_call: float = 1.6e6
    newton_cube: float = 0.2
    rows_of_system: int = 100
    newton_step: float = 2e6
    sweep: float = 3e4
    cube: float = 0.2
    numbers_of_part: int = 1 << 18
    lines_of_part: int = 32
    rows_of_part: int = 4096
    most_parts: int = 16

    def size_of_product(self, shape, n_numbers, n_targets, axis):
        """Return how many rows or columns a thread multiplies at a time."""
        lines = min(256, self.lines_of_part + n_targets)
        most = n_numbers // (lines * max(1, shape[1 - axis]))  # of the usual length
        return self.size(shape[axis], min(most, self.worth(n_numbers, n_targets)))

    def size_of_gram(self, n_rows, n_columns):
        """Return how many rows a thread takes at a time into a Gram matrix of some columns."""
        most = n_rows // max(self.rows_of_part, 2 * n_columns)
        return self.size(n_rows, min(most, self.worth(n_rows * n_columns, n_columns)))

    def worth(self, n_numbers, n_targets):
        """Return how many parts of a product take longer than the waking of a thread.

        Many targets take a sixteenth of the time of as many products with one, which is spent
        waiting for memory.
        """
        return n_numbers * (16 + n_targets) // (16 * self.numbers_of_part)

    def size(self, length, most):
        """Return the length of parts of which there are no more than most."""
        n_parts = 1 << max(1, min(self.most_parts, most)).bit_length() - 1
        return -(-length // n_parts)

    @property
    def of_model(self):
        """The thresholds for a quadratic model of a loss."""
        return self._replace(always_gram=max(self.always_gram, self.gram_of_model))

    def gram_pays(self, n_columns, column_length):
        """Tell whether columns with so many numbers each should share a Gram matrix.

        A sweep on it reads a row for each column that changes, instead of the column.
        """
        return n_columns <= min(max(10 * column_length, self.always_gram), self.largest_gram)

    def system_of_rows_pays(self, n_rows, n_targets):
        """Tell whether a Newton step on rows is quicker by systems than by conjugate gradients."""
        return n_rows <= self.rows_of_system * n_targets

    def newton_pays(self, side, n_rows, n_numbers, gap, last, tol):
        """Tell whether sweeps at the rate of the last one would take longer than a Newton step.

        `side` is that of its system.
        """
        price = (self.newton_step + self.cube * side**3) / (self.sweep + n_rows * n_numbers)
        return gap * min(1.0, gap / last) ** price > tol

    def whole_gram_pays(self, design, n_stages, n_alphas):
        """Tell whether the Gram matrix of all columns costs less than the stages that it saves.

        After some stages many columns share a Gram matrix anyway, unless there are far more than
        samples. Several alphas share it, too.
        """
        n_passes = self.stage * n_stages / max(1, design.n_numbers)
        if n_alphas == 1 and design.tall:
            n_passes += self.passes_of_stage * n_stages
        if 2 * design.n_samples > design.n_features:
            n_passes += self.passes_of_late_stage * max(0.0, n_stages - self.early_stages)
        worth = n_passes * (1 + 2 * min(1.0, (n_alphas - 1) / max(1.0, n_passes)))
        return design.passes_of_gram <= worth and self.gram_pays(
            design.n_features, design.column_length
        )

    def steps_of_factor(self, design, side, passes, n_targets, n_factors):
        """Return how many steps of conjugate gradients take as long as some factors of a matrix.

        `passes` over the data take as long as the matrix; there are none of one that does not fit.
        """
        if side > self.largest_gram or not np.isfinite(passes):
            return np.inf
        n_cubes = min(n_factors, self.factors_of_spectrum) / 3
        numbers = passes * design.n_numbers + n_cubes * side**3 / self.numbers_in_cube
        of_step = 1 + self.steps_of_target * (n_targets - 1)
        return numbers / (2 * of_step * (design.n_numbers + self.numbers_in_call))

    def least_squares_pay(self, design):
        """Tell whether the columns may be decomposed themselves; folds cannot."""
        work = (design.n_samples + design.n_features) * design.n_features**2
        return np.isfinite(design.passes_of_gram) and work <= self.largest_least_squares

    def can_be_decomposed(self, design, penalty):
        """Tell whether one side of the data is short enough."""
        n_used = np.count_nonzero(penalty.lower < penalty.upper)
        return min(design.n_samples, n_used) <= self.longest_side

    def decomposition_pays(self, design):
        """Tell whether one for each fold is quick, or takes no longer than products.

        One of a side of 1000 takes half a second, as a pass over half a billion numbers does.
        """
        side = min(design.n_samples, design.n_features)
        passes = min(design.passes_of_gram, design.passes_of_kernel)
        passes += side**3 / (2 * max(1, design.n_numbers))
        return side <= self.quick_side or passes <= self.passes_of_products


COST = Cost()
