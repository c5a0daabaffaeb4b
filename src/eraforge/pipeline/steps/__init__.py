"""The steps of a turn: what each computes, from digests to a digest."""
