"""What a tournament does otherwise than planned, as lines of its journal have it.

Knows: changed windows, universes, verdicts, scores and resolutions, and from which moment each holds.
Refuses: to decide any of them; a fault or a person does, and the journal says so.
"""
