"""`python -m eraforge`."""

from eraforge.interfaces.cli.main import main

if __name__ == "__main__":
    main()
