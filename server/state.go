package server

import (
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"poststube/diskspace"
	"poststube/imap"
	"poststube/kv/pebblekv"
)

// A stateCollector is the part of the metrics that is looked up when somebody
// asks: how the server stands, not what has happened.
type stateCollector struct {
	server *Server
	values []stateValue
}

// A stateValue is one metric: how to read it off a state.
type stateValue struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(*state) float64
	by   []string // values of its label
}

// A state is what one look finds.
type state struct {
	imap  imap.Counts
	store pebblekv.Metrics
	disk  syscall.Statfs_t

	indexWaiting int
	indexLag     float64
	tight        bool
	limit        int64
}

func newStateCollector(s *Server) *stateCollector {
	c := &stateCollector{server: s}
	gauge := func(name, help string, of func(*state) float64) {
		c.add(prometheus.GaugeValue, name, help, "", nil, of)
	}
	counter := func(name, help string, of func(*state) float64) {
		c.add(prometheus.CounterValue, name, help, "", nil, of)
	}
	sessions := func(value string, of func(*state) float64) {
		c.add(prometheus.GaugeValue, "imap_sessions", "IMAP sessions by their state: not_authenticated, authenticated, selected.", "state", []string{value}, of)
	}
	sessions("not_authenticated", func(s *state) float64 { return float64(s.imap.NotAuthenticated) })
	sessions("authenticated", func(s *state) float64 { return float64(s.imap.Authenticated) })
	sessions("selected", func(s *state) float64 { return float64(s.imap.Selected) })
	gauge("imap_waiting_sessions", "IMAP sessions that are told of changes as they come, in IDLE or after NOTIFY.", func(s *state) float64 { return float64(s.imap.Waiting) })

	gauge("store_takes_mail", "1 while new mail is taken, 0 while the disk is too full or the store has failed.", func(s *state) float64 {
		return boolean(s.store.Space == diskspace.Ample && !s.store.Failed)
	})
	gauge("store_size_bytes", "Octets of all files of the store; large messages, which are files of their own, not included.", func(s *state) float64 { return float64(s.store.DiskBytes) })
	gauge("store_log_bytes", "Octets of the write-ahead logs in use.", func(s *state) float64 { return float64(s.store.LogBytes) })
	gauge("store_memtable_bytes", "Octets of memory for writes that are in no table yet.", func(s *state) float64 { return float64(s.store.MemTableBytes) })
	gauge("store_cache_bytes", "Octets of blocks in the cache.", func(s *state) float64 { return float64(s.store.CacheBytes) })
	counter("store_cache_hits_total", "Blocks found in the cache.", func(s *state) float64 { return float64(s.store.CacheHits) })
	counter("store_cache_misses_total", "Blocks not found in the cache.", func(s *state) float64 { return float64(s.store.CacheMisses) })
	gauge("store_read_amplification", "Tables that a read may have to look at; above 20 compactions don't keep up.", func(s *state) float64 { return float64(s.store.ReadAmp) })
	gauge("store_compaction_debt_bytes", "Octets that compactions have to move to catch up.", func(s *state) float64 { return float64(s.store.CompactionDebt) })
	counter("store_flushes_total", "Times that memory was written to a table.", func(s *state) float64 { return float64(s.store.Flushes) })
	counter("store_compactions_total", "Compactions.", func(s *state) float64 { return float64(s.store.Compactions) })

	gauge("disk_free_bytes", "Octets free for the server on the disk of its data.", func(s *state) float64 { return float64(s.disk.Bavail) * float64(s.disk.Bsize) })
	gauge("disk_size_bytes", "Octets of that disk.", func(s *state) float64 { return float64(s.disk.Blocks) * float64(s.disk.Bsize) })
	gauge("search_index_waiting_accounts", "People and groups with messages that the search index does not have yet; such messages are read instead.", func(s *state) float64 { return float64(s.indexWaiting) })
	gauge("search_index_lag_seconds", "How long the oldest of them has waited. Up to 30 seconds are by design.", func(s *state) float64 { return s.indexLag })
	gauge("memory_tight", "1 while memory is so tight that connections and large commands are refused.", func(s *state) float64 { return boolean(s.tight) })
	gauge("memory_limit_bytes", "The bound of memory (limits.memory), 0 without.", func(s *state) float64 { return float64(s.limit) })
	return c
}

func (c *stateCollector) add(kind prometheus.ValueType, name, help, label string, by []string, of func(*state) float64) {
	var labels []string
	if label != "" {
		labels = []string{label}
	}
	c.values = append(c.values, stateValue{prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil), kind, of, by})
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements prometheus.Collector. A store that is closing has no figures
// any more: they are all 0 then.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.look()
	for i := range c.values {
		v := &c.values[i]
		ch <- prometheus.MustNewConstMetric(v.desc, v.kind, v.of(s), v.by...)
	}
}

func (c *stateCollector) look() *state {
	srv := c.server
	s := &state{imap: srv.imap.Count(), tight: srv.memory.tight(), limit: srv.memory.bound}
	s.store, _ = srv.store.db.Metrics() // fails only once it is closed
	if syscall.Statfs(srv.store.dir, &s.disk) != nil {
		s.disk = syscall.Statfs_t{}
	}
	waiting, lag := srv.store.Engine.IndexLag()
	s.indexWaiting, s.indexLag = waiting, lag.Seconds()
	return s
}
