"""Benchmarks of skreg and its peers: the same work, to the same accuracy, in the same run."""
