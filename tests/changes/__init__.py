"""A library over time: renames, copies, reprints, deletions, several processes, reindex."""
