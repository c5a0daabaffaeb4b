"""Pure columns from columns: features, targets and labels, neutralisation.

Knows: bars and panels, and what each column looks at.
Refuses: disk, network and clock; a value that looks past its own moment.
"""
