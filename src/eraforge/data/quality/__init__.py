"""What makes prices trustworthy: gates, a report, and repairs that are named and counted."""
