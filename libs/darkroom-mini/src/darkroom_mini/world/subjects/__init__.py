"""The subjects that a scene may show; one function draws one of them with a pen."""
