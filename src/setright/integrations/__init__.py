"""One outside system a module: git and the forges that hold the sources."""
