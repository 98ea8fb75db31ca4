package main

// How a row is read from a result.
type reading int

const (
	ops     reading = iota // operations a second
	p50                    // median in milliseconds
	octets                 // megabytes a second
	resting                // KiB for a connection that has rested
	last                   // milliseconds until the last of all watchers heard
)

// less tells whether a smaller value is better.
func (r reading) less() bool { return r == p50 || r == resting || r == last }

func (r reading) unit() string {
	return [...]string{"/s", " ms", " MB/s", " KiB", " ms"}[r]
}

// What bounds a row physically.
type bound int

const (
	unbounded bound = iota
	synced          // each operation of one connection waits for a sync of the disk
	loopback        // octets go through the loopback interface
	generator       // the load generator works on the same cores
)

// A goal is a row of the table: a measurement and what is to be reached.
type goal struct {
	title string
	key   string  // of the measurement, see key
	read  reading // which figure of it
	// factor is the goal against the better peer: at least, or at most where less is
	// better. 0 means that limit counts instead.
	factor float64
	limit  float64 // the goal for the figure itself
	bound  bound
	synced bool // Dovecot is to be compared with mail_fsync = always
}

// goals lists the rows.
var goals = []goal{
	{title: "SELECT, cold", key: "select mailbox=Big, pass=first", read: p50, factor: 0.3},
	{title: "SELECT, warm, same session", key: "select mailbox=Big, pass=warm, same session", read: p50, factor: 1},
	{title: "FETCH 1:* FLAGS", key: "fetch_flags mailbox=Big, pass=second", read: ops, factor: 1.3},
	{title: "FETCH envelope, structure, headers, first", key: "fetch_env mailbox=Big, pass=first", read: ops, factor: 3, bound: generator},
	{title: "FETCH envelope, structure, headers, second", key: "fetch_env mailbox=Big, pass=second", read: ops, factor: 3, bound: generator},
	{title: "FETCH bodies, first", key: "fetch_body mailbox=Big, pass=first", read: octets, factor: 1.5, bound: loopback},
	{title: "FETCH bodies, second", key: "fetch_body mailbox=Big, pass=second", read: octets, factor: 1.5, bound: loopback},
	{title: "SEARCH UNSEEN", key: "search mailbox=Big, pass=warm, query=UNSEEN", read: p50, factor: 0.3},
	{title: "SEARCH SINCE", key: "search mailbox=Big, pass=warm, query=SINCE", read: p50, factor: 0.2},
	{title: "SEARCH SUBJECT", key: "search mailbox=Big, pass=warm, query=SUBJECT", read: p50, factor: 0.05},
	{title: "SEARCH FROM", key: "search mailbox=Big, pass=warm, query=FROM", read: p50, factor: 0.05},
	{title: "SEARCH BODY, rare word", key: "search mailbox=Big, pass=first, query=BODY", read: p50, factor: 0.001},
	{title: "SEARCH TEXT, common word", key: "search mailbox=Big, pass=first, query=TEXT", read: p50, factor: 0.01},
	{title: "SORT DATE", key: "sort mailbox=Big, pass=warm, query=SORT (DATE)", read: p50, factor: 0.5},
	{title: "SORT SUBJECT", key: "sort mailbox=Big, pass=warm, query=SORT (SUBJECT)", read: p50, factor: 0.5},
	{title: "SORT ARRIVAL", key: "sort mailbox=Big, pass=warm, query=SORT (REVERSE ARRIVAL)", read: p50, factor: 0.5},
	{title: "THREAD REFERENCES", key: "sort mailbox=Big, pass=warm, query=THREAD REFERENCES", read: p50, factor: 0.5},
	{title: "STORE 1:* silent", key: "store mailbox=Big, op=+FLAGS.SILENT, set=1:*", read: ops, factor: 1.5},
	{title: "STORE single, 1 connection", key: "store mailbox=Big, set=single", read: ops, factor: 1, bound: synced, synced: true},
	{title: "QRESYNC after 1 % changed, 1 % expunged", key: "qresync step=QRESYNC", read: p50, factor: 0.5},
	{title: "COPY", key: "copy", read: ops, factor: 3},
	{title: "MOVE", key: "move", read: ops, factor: 3},
	{title: "EXPUNGE", key: "expunge", read: ops, factor: 3},
	{title: "CREATE", key: "create", read: ops, factor: 10, bound: synced},
	{title: "LIST \"*\"", key: "list command=LIST \"\" *", read: p50, factor: 0.5},
	{title: "LIST-STATUS", key: "list command=LIST STATUS", read: p50, factor: 0.5},
	{title: "login, 16 connections, plain", key: "login conns=16, tls=false", read: ops, factor: 5},
	{title: "login, 16 connections, TLS", key: "login conns=16, tls=true", read: ops, factor: 5},
	{title: "APPEND, 1 connection", key: "append conns=1", read: ops, factor: 3, bound: synced},
	{title: "APPEND, 16 connections", key: "append conns=16", read: ops, factor: 6, bound: generator},
	{title: "APPEND, 16 connections, one mailbox", key: "append conns=16, mailbox=one", read: ops, factor: 8, bound: generator},
	{title: "LMTP, 1 connection", key: "lmtp conns=1", read: ops, factor: 4, bound: synced},
	{title: "LMTP, 16 connections", key: "lmtp conns=16", read: ops, factor: 10, bound: generator},
	{title: "bulk load, MULTIAPPEND", key: "seed mailbox=Big", read: ops, factor: 1.5, bound: generator},
	{title: "memory of an idle connection", key: "idle", read: resting, limit: 24},
	{title: "push, last of all watchers", key: "push", read: last, limit: 5},
	{title: "push, last of all watchers of a shared mailbox", key: "push_shared", read: last, limit: 5},
	{title: "mixed load", key: "mixed", read: ops, factor: 5, bound: generator},
}
