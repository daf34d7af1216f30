"""Where configuration lives and how to reach it. The only rooms that touch a target."""
