"""The command line. `import safe_langsmith` imports none of it."""
