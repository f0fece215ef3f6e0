"""The roads a request takes through the SDK: each module recognizes its refusals and can go its road a second time."""
