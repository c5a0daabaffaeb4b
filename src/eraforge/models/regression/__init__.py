"""Linear learners besides ridge: sparse ones, logistic regression, and support vectors."""
