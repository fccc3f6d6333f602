"""Sign-on by OpenID Connect: what the provider is told, asked, and believed."""
