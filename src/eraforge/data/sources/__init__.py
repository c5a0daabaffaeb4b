"""Where prices come from: folders, feeds, exchanges and vendors, each told in one form of rows."""
