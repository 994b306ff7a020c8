"""What a training says: its progress, and what has ended it."""


def report(net, watched, seconds):
    """Print the progress of an epoch if it is wanted."""
    if not net.verbose:
        return
    training = net._training
    words = [f"Iteration {len(training.loss_curve)}", f"loss = {training.loss:.8f}"]
    if watched:
        words.append(f"validation loss = {training.validation_losses[-1]:.8f}")
        words.append(f"validation score = {training.validation_scores[-1]:f}")
    print(*words, f"rate = {training.last_rate:g}", f"{seconds:.2f} s", sep=", ")


def ending(net, reason):
    """Return the message of what has ended a training: a reason of `Training`, or of scipy."""
    if reason == "max_iter":
        units, more = "epochs", ", tol or learning_rate_init"
        if net.solver == "lbfgs":
            units, more = "iterations", " or tol"
        return (
            f"stopped at max_iter={net.max_iter} {units} while the loss was still changing by more "
            f"than tol={net.tol:g}: raise max_iter{more}."
        )
    if reason == "schedule":
        return (
            f"ended with its schedule: the rate of learning_rate={net.learning_rate!r} comes to 0 "
            f"after max_iter={net.max_iter} epochs."
        )
    if reason != "plateau":
        return f"stopped by lbfgs: {reason}."
    rule = f"did not improve more than tol={net.tol:f} for {net.n_iter_no_change} epochs in a row"
    if net.early_stopping:
        return (
            f"stopped early at a plateau: the validation score {rule}. The weights are those of "
            f"epoch {net._training.best_iter}, the best one."
        )
    return f"reached a plateau: the training loss {rule}."


def diverged(net, loss):
    """Return the message of a training that is beyond recovery."""
    training = net._training
    reason = f"the loss rose to {loss:g} from {training.first_loss:g} with the initial weights."
    if not training.is_finite(loss):
        reason = (
            "Solver produced non-finite parameter weights. The input data may contain large "
            "values and need to be preprocessed."
        )
    advice = "Scale X, and y if it is numbers, to unit variance"
    if net.solver != "lbfgs":
        advice = f"Lower learning_rate_init, which is {net.learning_rate_init:g}. {advice}"
    return f"diverged in epoch {len(training.loss_curve) + 1}: {reason} {advice}."


def not_learned(net, loss, kept):
    """Return the message of a chunk that diverged, and was undone."""
    return (
        f"these samples were not learned: the loss rose to {loss:g}, "
        f"from {kept:g} with the weights before, which are kept. Look for values "
        "that are out of range; scale X, and y if it is numbers, to unit variance; or lower "
        f"learning_rate_init, which is {net.learning_rate_init:g}."
    )


def no_rate_left(net):
    """Return the message of a partial fit after the end of its schedule."""
    return (
        f"partial_fit would not change anything: after max_iter={net.max_iter} epochs the rate of "
        f"learning_rate={net.learning_rate!r} is 0. Raise max_iter, or use "
        "learning_rate='constant'."
    )
