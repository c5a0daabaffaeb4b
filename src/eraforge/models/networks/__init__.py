"""Neural networks, all trained by one loop: of tables, and of windows of price history."""
