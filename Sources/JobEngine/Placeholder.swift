// JobEngine
