-- What `tcplinger export` writes. Columns are named as in docs/json.md; a time is its text; what is
-- an object or a list there is JSON text here. Of a process, `owner`, `closer`, `maker` and `process`
-- are its id.

CREATE TABLE meta (
	key TEXT PRIMARY KEY NOT NULL,
	value
) WITHOUT ROWID;

CREATE TABLE process (
	id INTEGER PRIMARY KEY,
	pid INTEGER NOT NULL,
	start_time TEXT,
	comm TEXT,
	exe TEXT,
	cgroup TEXT,
	container TEXT
);
CREATE UNIQUE INDEX process_pid ON process (pid, ifnull(start_time, ''));

-- One TCP socket, TIME_WAIT included.
CREATE TABLE connection (
	id INTEGER PRIMARY KEY,
	cookie TEXT,
	netns INTEGER NOT NULL,
	family TEXT,
	laddr TEXT,
	lport INTEGER,
	raddr TEXT,
	rport INTEGER,
	direction TEXT NOT NULL,
	owner INTEGER REFERENCES process (id),
	owner_by TEXT,
	closer INTEGER REFERENCES process (id),
	state TEXT NOT NULL, -- the last one
	opened_at TEXT, -- null: older than the recording
	first_fin_at TEXT,
	ended_at TEXT, -- null: there was no end of it yet
	"end" TEXT,
	syn_sent_s REAL,
	syn_recv_s REAL,
	established_s REAL,
	fin_wait1_s REAL,
	fin_wait2_s REAL,
	time_wait_s REAL,
	close_wait_s REAL,
	last_ack_s REAL,
	closing_s REAL,
	listen_s REAL,
	sent_bytes INTEGER,
	received_bytes INTEGER
);
CREATE INDEX connection_cookie ON connection (cookie);
CREATE INDEX connection_owner ON connection (owner);

CREATE TABLE transition (
	id INTEGER PRIMARY KEY,
	connection INTEGER NOT NULL REFERENCES connection (id),
	time TEXT NOT NULL,
	old TEXT NOT NULL,
	new TEXT NOT NULL,
	in_old_s REAL,
	owner INTEGER REFERENCES process (id),
	owner_by TEXT,
	closer INTEGER REFERENCES process (id),
	end_reason TEXT,
	error TEXT
);
CREATE INDEX transition_connection ON transition (connection);

CREATE TABLE time_wait (
	id INTEGER PRIMARY KEY,
	connection INTEGER NOT NULL REFERENCES connection (id),
	cookie TEXT,
	entered_at TEXT, -- null: older than the recording
	ended_at TEXT, -- null: it lasts
	reason TEXT
);
CREATE INDEX time_wait_connection ON time_wait (connection);

-- The rows of `leaks`, of each refresh.
CREATE TABLE close_wait (
	id INTEGER PRIMARY KEY,
	time TEXT NOT NULL,
	seq INTEGER NOT NULL,
	process INTEGER REFERENCES process (id),
	key TEXT,
	owner_by TEXT,
	sockets INTEGER NOT NULL,
	kinds TEXT,
	dead INTEGER,
	unread_bytes INTEGER,
	oldest_s REAL,
	began TEXT,
	growth_per_s REAL,
	fds INTEGER,
	fd_limit INTEGER,
	fds_exhausted_in_s REAL,
	verdict TEXT,
	evidence TEXT,
	places TEXT,
	maker INTEGER REFERENCES process (id),
	connections TEXT,
	omitted INTEGER,
	stacks TEXT,
	incomplete INTEGER NOT NULL
);
CREATE INDEX close_wait_process ON close_wait (process);

-- The rows of `ports`, of each refresh.
CREATE TABLE port_use (
	id INTEGER PRIMARY KEY,
	time TEXT NOT NULL,
	seq INTEGER NOT NULL,
	netns INTEGER NOT NULL,
	family TEXT,
	laddr TEXT,
	raddr TEXT,
	rport INTEGER,
	range_low INTEGER,
	range_high INTEGER,
	reserved INTEGER,
	blocked_by_bind INTEGER,
	blocked_by TEXT,
	supply INTEGER,
	supply_is_upper_bound INTEGER,
	used INTEGER,
	bound INTEGER,
	bound_in_range INTEGER,
	free INTEGER,
	reusable INTEGER,
	by_state TEXT,
	by_owner TEXT,
	consumed_per_s REAL,
	sustainable_per_s REAL,
	exhausted_in_s REAL,
	listeners_in_range TEXT,
	incomplete INTEGER NOT NULL
);
CREATE INDEX port_use_destination ON port_use (raddr, rport);

-- Those of failures, of each refresh in which they grew: `count` is since the beginning.
CREATE TABLE port_failure (
	id INTEGER PRIMARY KEY,
	time TEXT NOT NULL,
	seq INTEGER NOT NULL,
	owner INTEGER REFERENCES process (id),
	key TEXT,
	call TEXT NOT NULL,
	errno TEXT NOT NULL,
	cause TEXT NOT NULL,
	netns INTEGER NOT NULL,
	family TEXT,
	laddr TEXT,
	lport INTEGER,
	raddr TEXT,
	rport INTEGER,
	count INTEGER NOT NULL,
	first TEXT,
	last TEXT,
	search_ns INTEGER,
	census TEXT,
	in_the_way TEXT,
	stacks TEXT,
	incomplete INTEGER NOT NULL
);
CREATE INDEX port_failure_owner ON port_failure (owner);

-- Totals, each time that one has grown, and at the end.
CREATE TABLE loss (
	id INTEGER PRIMARY KEY,
	time TEXT NOT NULL,
	ring_full INTEGER NOT NULL,
	skipped INTEGER NOT NULL,
	map_full INTEGER NOT NULL,
	no_memory INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	stacks_dropped INTEGER NOT NULL,
	relists INTEGER NOT NULL
);

-- What `diagnose` says of all of it.
CREATE TABLE advice (
	id INTEGER PRIMARY KEY,
	time TEXT NOT NULL,
	rule TEXT NOT NULL,
	severity TEXT NOT NULL,
	process INTEGER REFERENCES process (id),
	about TEXT,
	evidence TEXT,
	text TEXT NOT NULL,
	helps TEXT,
	does_not_help TEXT,
	commands TEXT
);

-- What is usually asked.

-- Who opened the sockets that came into CLOSE_WAIT, where they go, how many are there still, and how
-- long the others stayed.
CREATE VIEW close_wait_owners AS
SELECT
	process.comm, process.pid, connection.direction,
	iif(connection.direction = 'in', connection.laddr, connection.raddr) AS address,
	iif(connection.direction = 'in', connection.lport, connection.rport) AS port,
	count(*) AS sockets,
	sum(connection.state = 'CLOSE_WAIT' AND connection."end" IS NULL) AS still_there,
	max(connection.close_wait_s) AS longest_s,
	min(connection.first_fin_at) AS first_fin_at
FROM connection
LEFT JOIN process ON process.id = connection.owner
WHERE connection.close_wait_s IS NOT NULL OR connection.state = 'CLOSE_WAIT'
GROUP BY connection.owner, connection.direction, address, port
ORDER BY still_there DESC, sockets DESC;

-- TIME_WAITs that began in each minute, by the owner's name.
CREATE VIEW time_waits_per_minute AS
SELECT
	substr(time_wait.entered_at, 1, 16) AS minute, process.comm, connection.direction,
	count(*) AS time_waits
FROM time_wait
JOIN connection ON connection.id = time_wait.connection
LEFT JOIN process ON process.id = connection.owner
WHERE time_wait.entered_at IS NOT NULL
GROUP BY minute, process.comm, connection.direction
ORDER BY minute, time_waits DESC;

-- Which destination had no port left, from when until when, and who held most of them then.
CREATE VIEW ports_ran_out AS
SELECT
	port_use.laddr, port_use.raddr, port_use.rport,
	min(port_use.time) AS since, max(port_use.time) AS until,
	port_use.supply,
	holder.value ->> '$.process.comm' AS held_by,
	holder.value ->> '$.process.pid' AS pid,
	max(holder.value ->> '$.ports') AS ports
FROM port_use, json_each(port_use.by_owner) AS holder
WHERE port_use.used >= port_use.supply
GROUP BY port_use.netns, port_use.laddr, port_use.raddr, port_use.rport, held_by, pid
ORDER BY since, ports DESC;

-- How long connections were established, by service (in) or destination (out).
CREATE VIEW lifetimes AS
WITH life AS (
	SELECT
		owner, direction, established_s,
		iif(direction = 'in', laddr, raddr) AS address,
		iif(direction = 'in', lport, rport) AS port
	FROM connection
	WHERE established_s IS NOT NULL
), ranked AS (
	SELECT
		*, row_number() OVER (same ORDER BY established_s) AS place, count(*) OVER same AS number
	FROM life
	WINDOW same AS (PARTITION BY owner, direction, address, port)
)
SELECT
	process.comm, process.pid, ranked.direction, ranked.address, ranked.port,
	count(*) AS connections,
	min(ranked.established_s) AS shortest_s,
	max(iif(ranked.place <= (ranked.number + 1) / 2, ranked.established_s, NULL)) AS median_s,
	max(ranked.established_s) AS longest_s
FROM ranked
LEFT JOIN process ON process.id = ranked.owner
GROUP BY ranked.owner, ranked.direction, ranked.address, ranked.port
ORDER BY connections DESC;

-- What was lost, by cause: rows that a loss touched count too few.
CREATE VIEW lost AS
SELECT 'ring_full' AS cause, max(ring_full) AS records FROM loss
UNION ALL SELECT 'skipped', max(skipped) FROM loss
UNION ALL SELECT 'map_full', max(map_full) FROM loss
UNION ALL SELECT 'no_memory', max(no_memory) FROM loss
UNION ALL SELECT 'refused', max(refused) FROM loss
UNION ALL SELECT 'stacks_dropped', max(stacks_dropped) FROM loss
UNION ALL SELECT 'relists', max(relists) FROM loss;
