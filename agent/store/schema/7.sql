-- Security groups: what may pass to and from the ports that have them.
CREATE TABLE security_group (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL,
	description TEXT NOT NULL,
	project     TEXT NOT NULL,
	created     INTEGER NOT NULL,
	updated     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is not said is NULL: any protocol, all ports, anybody.
CREATE TABLE security_rule (
	id             TEXT PRIMARY KEY,
	security_group TEXT NOT NULL REFERENCES security_group (id) ON DELETE CASCADE,
	description    TEXT NOT NULL,
	direction      TEXT NOT NULL CHECK (direction IN ('ingress', 'egress')),
	version        INTEGER NOT NULL CHECK (version IN (4, 6)),
	protocol       TEXT NOT NULL,    -- as it was named
	number         INTEGER NOT NULL CHECK (number BETWEEN -1 AND 255), -- of it; -1 is any
	first          INTEGER,
	last           INTEGER,
	remote_prefix  TEXT,
	remote_group   TEXT REFERENCES security_group (id) ON DELETE CASCADE,
	created        INTEGER NOT NULL,
	CHECK (remote_prefix IS NULL OR remote_group IS NULL)
) STRICT, WITHOUT ROWID;

-- No two rules of a group let the same pass.
CREATE UNIQUE INDEX security_rule_says ON security_rule (security_group, direction, version, number,
	coalesce(first, -1), coalesce(last, -1), coalesce(remote_prefix, ''), coalesce(remote_group, ''));

CREATE INDEX security_rule_remote ON security_rule (remote_group);

CREATE TABLE port_group (
	port           TEXT NOT NULL REFERENCES port (id) ON DELETE CASCADE,
	security_group TEXT NOT NULL REFERENCES security_group (id),
	PRIMARY KEY (port, security_group)
) STRICT, WITHOUT ROWID;

CREATE INDEX port_group_group ON port_group (security_group);

-- A vifd that does not know of groups would leave the ports that have them open.
CREATE TRIGGER port_group_readable AFTER INSERT ON port_group BEGIN
	UPDATE meta SET value = '7' WHERE key = 'readable' AND CAST(value AS INTEGER) < 7;
END;
