"""How a diagnosis looks as text and as HTML."""
