"""AWS accounts, read and written through the service APIs."""
