"""The only package that knows the SDK's names, private ones above all."""
