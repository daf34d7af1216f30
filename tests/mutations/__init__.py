"""Would the tests notice? Deliberate breakages of lenses, judging, content and engine, each with the tests that must fail."""
