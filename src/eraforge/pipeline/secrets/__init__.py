"""Where secrets are kept and looked for, and what the keys of an account may do."""
