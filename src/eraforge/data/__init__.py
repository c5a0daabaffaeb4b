"""Outside files become checked panels: resumable download, feature sets, reading, checks, memory plan.

Knows: file formats, the shape of a dataset, and what makes its rows trustworthy.
Refuses: believing a file it has not verified, and guessing what a broken one meant.
"""
