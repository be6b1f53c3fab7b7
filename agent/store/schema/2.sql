-- What has happened, for those who follow it. The newest are kept.
CREATE TABLE event (
	id      INTEGER PRIMARY KEY,
	at      INTEGER NOT NULL,
	project TEXT NOT NULL,
	body    TEXT NOT NULL
) STRICT;

CREATE INDEX event_at ON event (at);

-- What was told last of each attachment.
CREATE TABLE told (
	port    TEXT PRIMARY KEY,
	gen     INTEGER NOT NULL,
	server  TEXT NOT NULL,
	project TEXT NOT NULL,
	state   TEXT NOT NULL,
	plugged INTEGER NOT NULL -- whether Nova is to be told when it goes
) STRICT, WITHOUT ROWID;

-- What Nova is to be told, until it has taken it.
CREATE TABLE notice (
	id     INTEGER PRIMARY KEY,
	server TEXT NOT NULL,
	port   TEXT NOT NULL,
	name   TEXT NOT NULL,
	status TEXT NOT NULL
) STRICT;

INSERT INTO sequence VALUES ('event', unixepoch()), ('notice', unixepoch());
