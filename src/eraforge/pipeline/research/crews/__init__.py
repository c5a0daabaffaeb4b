"""Who carries out the tries of a search: processes of this machine, or actors of a Ray cluster."""
