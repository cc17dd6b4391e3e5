"""The `openai` connector: chat and images of OpenAI's API, which llama.cpp, vLLM and many others speak."""
