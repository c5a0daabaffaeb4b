"""`eraforge run` as a service: what it answers when asked how it is, and the log it keeps."""
