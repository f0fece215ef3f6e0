"""The command line. Nothing of it is imported by `import safe_langsmith`."""
