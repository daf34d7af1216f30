"""Reports by a framework's sections, out of the store alone: what holds, what does not, and what nobody has looked at."""
