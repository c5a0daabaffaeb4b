"""What an evaluation computes, and two of them side by side."""
