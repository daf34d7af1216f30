"""Where a kind's attributes are found: documents -> resources of a kind, edits on a kind -> edits on documents. Pure."""
