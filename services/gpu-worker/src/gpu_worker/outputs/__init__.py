"""Pictures and video as files: encoders, text chunks, thumbnails, size limits."""
