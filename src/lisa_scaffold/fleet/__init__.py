"""Many projects at once: which there are, how each stands, and the verbs for each of them.

Here belongs what a fleet needs beyond its projects: its settings, the forge, and what
the merge requests tell. Never what one project needs: that is ``verbs/`` and below.
"""
