"""How well a network answers."""
