"""The documentation site: pages written by hand in `pages`, the others made from content and code by `python -m docs.build`."""
