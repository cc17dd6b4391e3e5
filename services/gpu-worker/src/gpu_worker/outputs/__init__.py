"""Encoders of images and videos: PNG, MP4 and thumbnails, with embedded recipes and size limits."""
