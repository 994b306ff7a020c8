"""Models whose alpha and `l1_ratio` are chosen by folds, each along a path of its own."""

from copy import copy

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from .._checks import refuse
from .._convergence import warn_if_stopped_short, worst
from .._threads import Flag, single_thread
from ._base import of_rows, product
from ._lasso import ElasticNetModel
from ._parameters import LASSO, check_parameters
from ._path import Grid, begin, follow, least_certain
from ._selection import Selection, of_samples


class PathSelection(Selection, ElasticNetModel):
    """A model with an L1 and an L2 penalty whose alpha and `l1_ratio` are chosen by folds."""

    def _select(self, X, y, sample_weight, params):
        """Choose alpha, and fit the coefficients on all data."""
        self._models()  # checks them before any work is done
        grid = Grid(type(self).__name__, self.alphas, self.eps, self.max_features)
        grid.check()
        X, y, s = self._validate(X, y, sample_weight)
        to_scorer, to_splitter = self._routed(None if sample_weight is None else s, params)
        folds = self._folds(X, y, s, to_splitter)
        models = self._models()
        design, target, y_mean = self._centre(X, y, s)
        alphas = [grid.resolve(model, begin(model, design, target)) for model in models]
        reached = list(alphas)
        for k, model in enumerate(models if self.max_features is not None else []):
            solvers = list(begin(model, design, target))
            reached[k] = grid.follow(model, design, solvers, alphas[k], y_mean)[0].alphas
        assessed = self._assess_folds(models, reached, X, y, s, to_scorer, folds)
        found, kept, records = zip(*assessed, strict=True)
        scores = np.full((len(models), len(alphas[0]), len(folds)), np.nan)
        for model, fold in np.ndindex(len(models), len(folds)):
            scores[model, : len(reached[model]), fold] = found[fold][model]
        means, errors = self._over_folds(scores)
        places, best = self._choose(alphas, means, errors), np.nanmax(means, axis=1).argmax()
        model, at = models[best], places[best]
        self.l1_ratio_, self.best_score_ = model.l1_ratio, means[best, at]
        self.alpha_ = alphas[best][at]
        kept = [of_fold[best] for of_fold in kept]
        self.convergence_ = worst(records)
        if self.refit:
            parts = model, design, target, reached[best], y_mean
            records = [*records, self._fit_path(*parts, at)]
        else:
            self._store_means(kept, at, design.X.dtype)
        given = np.ndim(self.alphas) > 0
        self.alphas_ = alphas[0] if given or len(models) == 1 else np.array(alphas)
        self._store_scores(scores if len(models) > 1 else scores[0])
        self.__dict__.pop("cv_results_", None)
        if self.store_cv_results:
            self.cv_results_ = results(kept, folds, len(y))
        self.n_iter_ = self.convergence_.n_iter
        warn_if_stopped_short(type(self).__name__, worst(records), depth=5)
        return self

    def _fit_path(self, model, design, target, alphas, y_mean, at):
        """Follow the path on all data, and store it; return its least certain record."""
        (solver,) = begin(model, design, target)
        path, (solutions,) = follow(model, design, [solver], alphas, y_mean)
        self._store_path(path, at)
        self.convergence_ = solver.record(solutions[at])
        return solver.record(least_certain(solutions))

    def _assess_folds(self, models, alphas, X, y, s, params, folds):
        """Return what `assess` returns of each fold."""
        stop = Flag()
        jobs = (delayed(assess)(models, alphas, X, y, s, params, stop, *fold) for fold in folds)
        try:
            return Parallel(n_jobs=self.n_jobs, prefer="threads")(jobs)
        finally:  # after Ctrl-C, other threads end, too
            stop.up = True

    def _decisions(self, path, X):
        """Return what is linear in X, for every alpha of a path, the last axis."""
        columns = np.moveaxis(path.coefs, -2, 0)  # by feature
        product_of_all = product(X, columns.reshape(len(columns), -1))
        return product_of_all.reshape(X.shape[0], *columns.shape[1:]) + path.intercepts

    def _response(self, decisions, y):
        """Return predictions, or what those that scorers ask for are made of."""
        return decisions

    def _mean_loss(self, decisions, y, s):
        """Return what is smallest for the chosen alpha: here the mean squared error."""
        squares = (y[..., None] - decisions) ** 2
        means = s @ squares.reshape(len(y), -1) / s.sum()
        return means.reshape(-1, decisions.shape[-1]).mean(axis=0)

    def _store_path(self, path, at):
        """Store a path, and what it says at one of its alphas."""
        self.path_, self.dual_gap_ = path, path.gaps[at]
        self._store_answer(path.coefs[..., at].copy(), path.intercepts[..., at])

    def _store_means(self, kept, at, dtype):
        """Store the means over the folds, and nothing of a path."""
        for name in ("path_", "dual_gap_"):
            self.__dict__.pop(name, None)
        coefs, intercepts, _ = zip(*kept, strict=True)
        coef, intercept = (
            np.mean([part[..., at] for part in of_folds], axis=0)
            for of_folds in (coefs, intercepts)
        )
        within = self._within_bounds(np.atleast_2d(coef), dtype)
        self._store_answer(within.reshape(coef.shape), intercept)

    def _store_answer(self, coef, intercept):
        """Store coefficients, and an intercept in their dtype."""
        self.coef_ = coef
        self.intercept_ = coef.dtype.type(intercept) if self.fit_intercept else 0.0

    def _store_scores(self, scores):
        """Store the scores; those of squared loss are errors, too."""
        self.scores_path_ = scores
        self.__dict__.pop("mse_path_", None)
        if self.scoring is None and self._loss.quadratic:
            self.mse_path_ = -scores

    def _models(self):
        """Return this model with each `l1_ratio` to choose from, checked."""
        ratios = [self.l1_ratio] if np.ndim(self.l1_ratio) == 0 else list(self.l1_ratio)
        models = [copy(self) for _ in ratios]
        for model, ratio in zip(models, ratios, strict=True):
            model.l1_ratio = ratio
            check_parameters(model, LASSO)
        return models or refuse(self, "l1_ratio", ratios, "a number in [0, 1] or a list of them")


@single_thread
def assess(models, alphas, X, y, s, params, stop, train, test):
    """Return the scores of a fold by model and alpha, what is kept of it, and its worst record."""
    design, target, y_mean = models[0]._centre(of_rows(X, train), y[train], s[train])
    unseen, truth, scorer = of_rows(X, test), y[test], models[0]._scorer()
    scores, kept, records = [], [], []
    for model, some in zip(models, alphas, strict=True):
        (solver,) = begin(model, design, target)
        path, (solutions,) = follow(model, design, [solver], some, y_mean, dtype=float, stop=stop)
        decisions = model._decisions(path, unseen)
        response = model._response(decisions, truth)
        if scorer is None:
            scores.append(-model._mean_loss(decisions, truth, s[test]))
        else:
            scores.append(model._scores(scorer, response, truth, of_samples(params, test)))
        needed = model.store_cv_results or not model.refit
        kept.append((path.coefs, path.intercepts, response) if needed else None)
        records.append(solver.record(least_certain(solutions)))
    return scores, kept, worst(records)


def results(kept, folds, n_samples):
    """Return coefficients and intercepts by fold, and predictions of samples kept apart.

    Predictions of a sample that several folds keep apart are averaged.
    """
    coefs, intercepts, predictions = zip(*kept, strict=True)
    total, counts = np.zeros((n_samples, *predictions[0].shape[1:])), np.zeros(n_samples)
    for (_, test), predicted in zip(folds, predictions, strict=True):
        np.add.at(total, test, predicted)
        np.add.at(counts, test, 1)
    counts = counts.reshape(-1, *(1,) * (total.ndim - 1))
    mean = np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
    return {"coefs": np.stack(coefs), "intercepts": np.stack(intercepts), "predictions": mean}
