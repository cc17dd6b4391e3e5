"""Files and objects: the model list and the object store."""
