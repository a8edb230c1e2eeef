"""The 20 bAbI tasks (Weston et al. 2015): names, files, parser, splits."""
