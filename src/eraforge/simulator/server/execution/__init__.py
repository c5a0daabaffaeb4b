"""How the fields of a GraphQL request come by their values.

Knows: the shape of what resolvers return: plain dictionaries, with functions where something is computed on demand.
Refuses: to know what any field means.
"""
