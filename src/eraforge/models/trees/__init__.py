"""Learners made of decision trees, besides LightGBM itself: XGBoost, CatBoost, and forests."""
