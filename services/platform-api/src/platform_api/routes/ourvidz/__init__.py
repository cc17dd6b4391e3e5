"""The OurVidz dialect."""
