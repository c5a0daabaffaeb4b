"""From configured prices to the columns of an entry."""
