"""What is minimised: a loss of a target and its prediction, plus a penalty of the coefficients."""
