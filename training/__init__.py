"""Making the models that come with corcal, from nothing but simulated patients."""
