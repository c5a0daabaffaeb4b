"""Models around one other model: steps before it, steps after it, and other ways to train it."""
