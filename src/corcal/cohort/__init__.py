"""Many scans: found, scored by several processes, kept in tables. No science of its own."""
