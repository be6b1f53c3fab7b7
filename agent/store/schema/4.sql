-- Who may come by a token. The secret itself is nowhere.
CREATE TABLE token (
	id      TEXT PRIMARY KEY,
	name    TEXT NOT NULL UNIQUE,
	role    TEXT NOT NULL CHECK (role IN ('reader', 'member', 'admin')),
	project TEXT NOT NULL,
	hash    BLOB NOT NULL CHECK (length(hash) = 32),
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL, -- 0: never
	used    INTEGER NOT NULL  -- 0: never
) STRICT, WITHOUT ROWID;
