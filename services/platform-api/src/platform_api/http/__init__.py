"""What routes share: authentication, limits, parameters, errors and answers."""
