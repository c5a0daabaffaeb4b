"""eraforge: enter Numerai tournaments from raw data to settled payout, unattended and without surprise."""

__version__ = "0.1.0"
