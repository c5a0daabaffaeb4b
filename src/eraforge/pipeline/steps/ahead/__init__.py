"""What is done ahead of need: reconciliation, trainings that fall due, and the fallback of a round."""
