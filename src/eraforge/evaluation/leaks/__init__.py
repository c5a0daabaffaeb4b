"""The leak laboratory: probes that show whether anything that maps the past to values looks at the future."""
