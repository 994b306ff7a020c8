"""The Design of an array: C or Fortran order, float32 or float64, memory maps."""

import numpy as np

from .design import Design, as_design

BLOCK_SIZE = 1 << 17  # numbers in one centred block of rows: 1 MiB, within the cache


class DenseDesign(Design):
    """Centre blocks of rows as they are read, so that large offsets cost no digits."""

    def _column_sums(self):
        # Sums about the first row keep the digits of columns that hardly vary.
        self.mean = self.X[0].astype(float)
        shift = self._rmatvec(self.s)
        return self.total_weight * self.mean + shift

    def _squared_deviations(self):
        return sum(self.s[rows] @ block**2 for rows, block in self._blocks())

    def _matvec(self, w):
        product = np.empty((self.n_samples, *w.shape[1:]))
        for rows, block in self._blocks():
            product[rows] = block @ w
        return product

    def _rmatvec(self, r):
        return sum(block.T @ r[rows] for rows, block in self._blocks())

    def _correlate(self, r, columns):
        return sum(block.T @ r[rows] for rows, block in self._blocks(columns))

    def _gram(self, columns, others):
        together = np.concatenate([columns, others])
        k = len(columns)
        return sum(
            (block[:, :k].T * self.s[rows]) @ block[:, k:] for rows, block in self._blocks(together)
        )

    def _blocks(self, columns=slice(None)):
        """Yield slices of rows with the centred rows, as float64."""
        mean = self.mean[columns]
        n_rows = max(1, BLOCK_SIZE // max(1, len(mean)))
        for start in range(0, self.n_samples, n_rows):
            rows = slice(start, start + n_rows)
            part = self.X[rows, columns]
            self.work.n_bytes += part.nbytes
            yield rows, part - mean


as_design.register(np.ndarray, DenseDesign)
