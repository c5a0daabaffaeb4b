"""What a played turn leaves behind: what each stage gave, and what the tournament told it."""
