"""The call paths of the SDK: each module recognizes the 403 of its calls, and can send them again."""
