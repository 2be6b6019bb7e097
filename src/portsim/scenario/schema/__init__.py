"""The scenario format: what each key of the file may hold, and how its value is read. pydantic stops here."""
