"""Serves the player's page and the list of what is on."""

from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

ThreadingHTTPServer(("", 8080), SimpleHTTPRequestHandler).serve_forever()
