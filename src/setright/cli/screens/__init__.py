"""What a person sees at the terminal, drawn with rich; nothing here decides anything."""
