"""What lies behind a mean: regimes, exposures and importances of out-of-fold predictions."""
