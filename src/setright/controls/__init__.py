"""What right looks like: control files, whether a resource holds to them, and the edits that make it so. Pure but for `load`."""
