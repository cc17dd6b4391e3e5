"""The settings that a scene may have; one function draws one of them on a backdrop."""
