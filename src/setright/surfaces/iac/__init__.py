"""Configuration as source: Terraform, CloudFormation, Kubernetes manifests and Dockerfiles in a tree of files."""
