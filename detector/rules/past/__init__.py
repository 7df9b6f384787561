"""Earlier versions of rules: a claim is replayed through the version that made it, for as long as it may be asked.

When a change of a rule counts its `version` up, the file as it was is copied here as `<code>_v<version>.py`, together
with whatever it needs from beside it. The camera never runs what is here. `detector/rulebook.py` finds it.
"""
