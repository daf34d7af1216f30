"""Database servers: one package a product."""
