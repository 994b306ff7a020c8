"""How alpha is chosen: folds, metadata, scores, and the rules "min" and "1se"."""

from numbers import Number
from reprlib import repr as shortened

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import check_scoring, get_scorer, r2_score
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._checks import refuse, takes_weights

METHODS = "predict", "decision_function", "predict_proba"  # that a scorer may ask for


class Selection:
    """A linear model whose alpha is chosen by `cv`, `scoring` and `rule`."""

    _default_scoring = None  # where the loss is the score; it has a name:
    _name_of_loss = "neg_mean_squared_error"

    def get_metadata_routing(self):
        """Return how metadata are routed: to fit, to the scorer and to the splitter.

        Returns
        -------
        MetadataRouter
            The router.
        """
        to_score = MethodMapping().add(caller="fit", callee="score")
        to_split = MethodMapping().add(caller="fit", callee="split")
        # Folds may come from a generator, which must not be used up.
        splitter = self.cv if hasattr(self.cv, "split") else check_cv()
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(splitter=splitter, method_mapping=to_split)
        scorer = self._scorer()
        return router.add(scorer=scorer, method_mapping=to_score) if scorer else router

    def _routed(self, s, params):
        """Return what the scorer and what the splitter asks for: weights, if there are any, too."""
        weights = {} if s is None else {"sample_weight": s}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **params, **weights)
            return routed.get("scorer", {"score": {}})["score"], routed["splitter"]["split"]
        if params:
            raise self._error(
                f"passing {', '.join(params)} to the splitter or the scorer is only supported if "
                "enable_metadata_routing=True, see sklearn.set_config; or pass "
                "cv=list(splitter.split(X, y, ...))."
            )
        scorer = self._scorer()
        return weights if scorer and takes_weights(scorer) else {}, {}

    def _folds(self, X, y, s, params):
        """Return the folds, as arrays of int; both parts of each have a weight."""
        truth, folds = self._truth(y), []
        try:
            splitter = check_cv(self.cv, truth, classifier=hasattr(self, "classes_"))
            for train, test in splitter.split(X, truth, **params):
                folds.append((positions(train, len(y)), positions(test, len(y))))
        except (IndexError, TypeError, ValueError) as error:
            raise self._error(
                f"cv must give a pair (train, test) for each fold, of positions below {len(y)} or "
                f"of {len(y)} booleans; got {shortened(self.cv)}. Fold {len(folds)}: {error}"
            ) from error
        least = 2 if self.rule == "1se" else 1
        if len(folds) < least:
            refuse(self, "cv", len(folds), f"at least {least} fold(s) where rule is {self.rule!r}")
        for k, fold in enumerate(folds):
            if not all(s[part].any() for part in fold):
                raise self._error(
                    "every fold must have test samples, and both parts must have a positive weight "
                    f"in every fold; in fold {k} a part has none."
                )
        return folds

    def _scorer(self):
        """Return the scorer, or None for the loss, which needs none.

        One that nobody chose asks for weights itself.
        """
        if self.scoring is not None:
            return self._chosen_scorer()
        scorer = self._default_scoring and get_scorer(self._default_scoring)
        if scorer and get_config()["enable_metadata_routing"]:
            scorer.set_score_request(sample_weight=True)
        return scorer

    def _chosen_scorer(self):
        """Return the scorer that `scoring` stands for; it asks only for what there is."""
        try:
            scorer = check_scoring(self, scoring=self.scoring)
        except ValueError as error:
            raise self._error(error) from error
        asks = np.ravel(getattr(scorer, "_response_method", "predict"))
        known = [name for name in METHODS if hasattr(self, name)]
        if not set(asks) & set(known):
            refuse(self, "scoring", self.scoring, f"a score of what {' or '.join(known)} returns")
        return scorer

    def _scores(self, scorer, predictions, y, params):
        """Return the score of every alpha, the last axis of the predictions."""
        known, truth, columns = self._known(), self._truth(y), np.moveaxis(predictions, -1, 0)
        scores = (scorer(known, column, truth, **params) for column in columns)
        return np.array([self._number(score) for score in scores])

    def _number(self, score):
        """Return a score as a float, where it is one number; infinities and NaN are."""
        value = score.item() if getattr(score, "ndim", None) == 0 else score
        if not isinstance(value, Number) or isinstance(value, complex):
            raise self._error(
                "scoring must return one real number, or NaN where there is none; got "
                f"{shortened(score)} from {self.scoring!r}."
            )
        return float(value)

    def _known(self):
        """Return the estimator whose predictions are the data it is given."""
        return Predictions()

    def _truth(self, y):
        """Return the targets as they were given."""
        return y

    def _over_folds(self, scores):
        """Return the means over the folds, the last axis, and what "1se" asks: their errors."""
        means, n_folds = scores.mean(axis=-1), scores.shape[-1]
        if self.rule == "min":
            return means, None
        with np.errstate(invalid="ignore"):  # scores may be infinite
            return means, scores.std(axis=-1, ddof=1) / np.sqrt(n_folds)

    def _choose(self, alphas, means, errors):
        """Return the places of the chosen alphas in mean scores, along the last axis.

        The best score is the largest, and of equal ones the first. With standard errors of the
        scores, the largest alpha is chosen whose score is within one of the best.
        """
        means = np.where(np.isnan(means), -np.inf, means)
        best = means.argmax(axis=-1)[..., None]
        top = np.take_along_axis(means, best, -1)
        if np.isneginf(top).any():
            scoring = self.scoring or (self.cv is not None and self._default_scoring)
            of_r2 = getattr(scoring and get_scorer(scoring), "_score_func", None) is r2_score
            raise self._error(
                "no alpha has a score that is a number: "
                f"{scoring or self._name_of_loss!r} is NaN or -inf at each. "
                f"Use folds where it is defined{', of two samples or more' * of_r2}, another "
                "scoring or, where it overflows, a smaller y."
            )
        if errors is None:
            return best[..., 0]
        within = means >= top - np.take_along_axis(errors, best, -1)
        return np.where(within, alphas, -np.inf).argmax(axis=-1)


class Predictions(RegressorMixin, BaseEstimator):
    """What a scorer asks: its predictions are the data it is given."""

    def predict(self, X):
        """Return X."""
        return X


def positions(part, n_samples):
    """Return the samples that a part of a fold names by positions or by a mask."""
    chosen = np.arange(n_samples)[list(part) if isinstance(part, tuple) else part]
    if chosen.ndim != 1:
        raise ValueError(f"train and test must have one axis; got {shortened(part)}")
    return chosen


def of_samples(params, rows):
    """Return metadata of some samples; a value that is not one for each sample is for all."""
    return {
        name: np.asarray(value)[rows] if np.ndim(value) else value for name, value in params.items()
    }
