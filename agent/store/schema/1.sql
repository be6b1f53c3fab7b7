-- Booleans are 0 and 1, times nanoseconds since 1970, addresses 16 bytes with
-- IPv4 mapped into IPv6 (so that they sort as numbers), lists JSON.

CREATE TABLE network (
	id       TEXT PRIMARY KEY,
	name     TEXT NOT NULL,
	project  TEXT NOT NULL,
	bridge   TEXT NOT NULL CHECK (bridge <> ''),
	vlan     INTEGER NOT NULL CHECK (vlan BETWEEN 0 AND 4094),
	mtu      INTEGER NOT NULL CHECK (mtu BETWEEN 68 AND 65535),
	shared   INTEGER NOT NULL,
	admin_up INTEGER NOT NULL,
	secure   INTEGER NOT NULL,
	created  INTEGER NOT NULL,
	updated  INTEGER NOT NULL,
	UNIQUE (bridge, vlan)
) STRICT, WITHOUT ROWID;

CREATE TABLE subnet (
	id      TEXT PRIMARY KEY,
	name    TEXT NOT NULL,
	project TEXT NOT NULL,
	network TEXT NOT NULL REFERENCES network (id),
	cidr    TEXT NOT NULL,
	gateway BLOB,
	pools   TEXT NOT NULL,
	dns     TEXT NOT NULL,
	dhcp    INTEGER NOT NULL,
	last    BLOB, -- the address that was allocated last
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	UNIQUE (network, id),
	UNIQUE (network, cidr)
) STRICT, WITHOUT ROWID;

CREATE TABLE port (
	id           TEXT PRIMARY KEY,
	name         TEXT NOT NULL,
	project      TEXT NOT NULL,
	network      TEXT NOT NULL REFERENCES network (id),
	mac          TEXT NOT NULL,
	secure       INTEGER NOT NULL,
	admin_up     INTEGER NOT NULL,
	device       TEXT NOT NULL,
	device_owner TEXT NOT NULL,
	host         TEXT NOT NULL,
	claim        INTEGER NOT NULL,
	ephemeral    INTEGER NOT NULL,
	created      INTEGER NOT NULL,
	updated      INTEGER NOT NULL,
	UNIQUE (network, mac)
) STRICT, WITHOUT ROWID;

CREATE INDEX port_device ON port (device);
CREATE INDEX port_host ON port (host);

CREATE TABLE fixed_ip (
	network TEXT NOT NULL,
	address BLOB NOT NULL CHECK (length(address) = 16),
	subnet  TEXT NOT NULL,
	port    TEXT NOT NULL REFERENCES port (id) ON DELETE CASCADE,
	place   INTEGER NOT NULL, -- among the port's addresses
	PRIMARY KEY (network, address),
	FOREIGN KEY (network, subnet) REFERENCES subnet (network, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX fixed_ip_port ON fixed_ip (port, place);
CREATE INDEX fixed_ip_subnet ON fixed_ip (network, subnet);

-- Addresses that were given back a moment ago.
CREATE TABLE quarantine (
	network  TEXT NOT NULL REFERENCES network (id) ON DELETE CASCADE,
	address  BLOB NOT NULL CHECK (length(address) = 16),
	project  TEXT NOT NULL, -- whose it was
	released INTEGER NOT NULL,
	PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX quarantine_released ON quarantine (released);

CREATE TABLE attachment (
	port      TEXT PRIMARY KEY,
	server    TEXT NOT NULL,
	tap       TEXT NOT NULL UNIQUE,
	bridge    TEXT NOT NULL,
	ofport    INTEGER NOT NULL,
	gen       INTEGER NOT NULL,
	nic       TEXT NOT NULL,
	desired   TEXT NOT NULL CHECK (desired IN ('attached', 'absent')),
	settled   INTEGER NOT NULL,
	persisted INTEGER NOT NULL,
	released  INTEGER NOT NULL,
	operation TEXT NOT NULL,
	error     TEXT NOT NULL,
	created   INTEGER NOT NULL,
	updated   INTEGER NOT NULL,
	UNIQUE (bridge, ofport)
) STRICT, WITHOUT ROWID;

CREATE INDEX attachment_server ON attachment (server);

CREATE TABLE operation (
	id       TEXT PRIMARY KEY,
	kind     TEXT NOT NULL,
	server   TEXT NOT NULL,
	port     TEXT NOT NULL,
	project  TEXT NOT NULL,
	user     TEXT NOT NULL,
	started  INTEGER NOT NULL,
	finished INTEGER NOT NULL, -- 0: not yet
	result   TEXT NOT NULL,
	error    TEXT NOT NULL,
	steps    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX operation_server ON operation (server, started);
CREATE INDEX operation_started ON operation (started);

-- Answers that are given again to whoever asks again with the same key.
CREATE TABLE answer (
	caller  TEXT NOT NULL,
	key     TEXT NOT NULL,
	request BLOB NOT NULL, -- hash
	status  INTEGER NOT NULL, -- 0: not answered yet
	body    BLOB NOT NULL,
	created INTEGER NOT NULL,
	PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX answer_created ON answer (created);

CREATE TABLE server_lock (
	server TEXT PRIMARY KEY,
	reason TEXT NOT NULL,
	at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers that only grow. They begin at the second of the store's birth, so that
-- one made in place of a lost one goes on above it.
CREATE TABLE sequence (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sequence VALUES ('generation', unixepoch()), ('claim', unixepoch());
