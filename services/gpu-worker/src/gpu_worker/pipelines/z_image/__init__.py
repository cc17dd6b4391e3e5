"""Z-Image: batches of images by flow matching, with a language model as text encoder."""
