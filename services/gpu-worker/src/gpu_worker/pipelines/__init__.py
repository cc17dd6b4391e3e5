"""The model families as lists of stages around the diffusers and transformers pipelines, used as they are."""
