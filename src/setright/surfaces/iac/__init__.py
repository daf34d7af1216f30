"""Configuration as source: Terraform, CloudFormation, Kubernetes, Compose, Dockerfiles and workflows in a tree of files."""
