"""Linux: this host, a root file system, a host reached by ssh."""
