"""The command line, drawn from the desk's table."""
