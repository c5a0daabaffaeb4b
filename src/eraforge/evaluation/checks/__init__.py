"""Contract suites of the plugin kinds, and the small made-up panels they practise on."""
