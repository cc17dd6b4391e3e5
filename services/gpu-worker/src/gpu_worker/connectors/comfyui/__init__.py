"""The connector to ComfyUI, by its HTTP routes and its WebSocket."""
