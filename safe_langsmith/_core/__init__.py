"""The pure middle: facts in, `Diagnosis` out. Nothing in here does I/O or imports anything that does."""
