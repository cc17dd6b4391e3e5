"""What a prompt says: weights and chunks in the text for an image model, and the answer of a language model."""
