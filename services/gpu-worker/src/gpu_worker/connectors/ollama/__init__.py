"""The `ollama` connector: chat with the models of an Ollama server. It never pulls a model."""
