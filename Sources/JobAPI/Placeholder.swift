// JobAPI
