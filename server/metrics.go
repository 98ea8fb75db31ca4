package server

import (
	"net"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"poststube/imap"
	"poststube/smtp"
)

// telemetry counts what happens, for Prometheus. The packages below know nothing of
// it: they call functions that they are given. No label has more values than there
// are protocols, commands or results, and none says who does something.
type telemetry struct {
	registry *prometheus.Registry

	connections *prometheus.GaugeVec
	accepted    *prometheus.CounterVec
	received    *prometheus.CounterVec
	sent        *prometheus.CounterVec

	commands map[string]*commandMetrics // by name; "" is no command
	logins   *prometheus.CounterVec
	commits  prometheus.Histogram

	recipients   *prometheus.CounterVec
	deliveries   *prometheus.CounterVec
	messageBytes prometheus.Counter
	deliverTime  prometheus.Histogram
}

// commandMetrics are those of one IMAP command, looked up once.
type commandMetrics struct {
	results [imap.BAD + 1]prometheus.Counter
	took    prometheus.Observer // nil: how long it takes is up to the client
}

// namespace is before the name of every metric of our own.
const namespace = "poststube"

// Buckets in seconds. A commit is a sync or two of the disk, a command anything from
// a look into memory to a search through a mailbox.
var (
	commandBuckets = []float64{.0001, .00025, .001, .0025, .01, .025, .1, .25, 1, 2.5, 10}
	commitBuckets  = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

func newTelemetry() *telemetry {
	m := &telemetry{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := m.gauges("info", "Always 1; the labels say what runs.", "version", "goversion")
	info.WithLabelValues(Version, runtime.Version()).Set(1)

	m.connections = m.gauges("connections", "Connections that are open.", "protocol")
	m.accepted = m.counters("connections_total", "Connections accepted, those refused for a limit included.", "protocol")
	m.received = m.counters("received_bytes_total", "Octets received from clients, below TLS and compression.", "protocol")
	m.sent = m.counters("sent_bytes_total", "Octets sent to clients, below TLS and compression.", "protocol")
	for _, p := range protocols {
		if p == "metrics" {
			continue // who looks is not part of what is seen
		}
		m.connections.WithLabelValues(p)
		for _, c := range [...]*prometheus.CounterVec{m.accepted, m.received, m.sent} {
			c.WithLabelValues(p)
		}
	}
	m.logins = m.counters("logins_total", "Logins checked. The protocol is imap, smtp (by way of sasl) or other; the result ok or failed.", "protocol", "result")
	for _, p := range loginProtocols {
		m.logins.WithLabelValues(p, "ok")
		m.logins.WithLabelValues(p, "failed")
	}
	m.commits = m.histogram("store_commit_duration_seconds", "How long a change of the store takes until it is durable, the wait for others included.", commitBuckets)
	m.addCommands()

	m.recipients = m.counters("lmtp_recipients_total", "Recipients named by RCPT. The result is accepted, deferred (4xx) or refused (5xx).", "result")
	m.deliveries = m.counters("lmtp_deliveries_total", "Deliveries, one for each recipient of a message. The result is delivered, deferred (4xx) or refused (5xx).", "result")
	for _, r := range [...]string{"deferred", "refused"} {
		m.recipients.WithLabelValues(r)
		m.deliveries.WithLabelValues(r)
	}
	m.recipients.WithLabelValues("accepted")
	m.deliveries.WithLabelValues("delivered")
	m.messageBytes = prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "lmtp_message_bytes_total", Help: "Octets of messages that deliveries were tried for, each message once."})
	m.registry.MustRegister(m.messageBytes)
	m.deliverTime = m.histogram("lmtp_delivery_duration_seconds", "How long a message takes from its last octet until it is durable for all its recipients. The count is that of messages.", commitBuckets)
	return m
}

func (m *telemetry) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *telemetry) counters(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *telemetry) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}

// addCommands makes the metrics of each IMAP command, so that counting one is a
// look into a map that never changes.
func (m *telemetry) addCommands() {
	results := m.counters("imap_commands_total", "IMAP commands by name and by the tagged answer: ok, no or bad. What is no command, or not one for the state of the session, is \"unknown\".", "command", "result")
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: "imap_command_duration_seconds", Buckets: commandBuckets,
		Help: "How long IMAP commands take from their first octet to the tagged answer, the time in which the client sends a message included. IDLE is left out.",
	}, []string{"command"})
	m.registry.MustRegister(took)
	m.commands = make(map[string]*commandMetrics)
	add := func(name, label string) {
		c := &commandMetrics{results: [...]prometheus.Counter{
			imap.OK:  results.WithLabelValues(label, "ok"),
			imap.NO:  results.WithLabelValues(label, "no"),
			imap.BAD: results.WithLabelValues(label, "bad"),
		}}
		if name != "IDLE" {
			c.took = took.WithLabelValues(label)
		}
		m.commands[name] = c
	}
	add("", "unknown")
	for _, name := range imap.Commands() {
		add(name, name)
	}
}

// command counts an IMAP command.
func (m *telemetry) command(name string, result imap.Result, took time.Duration) {
	c := m.commands[name]
	c.results[result].Inc()
	if c.took != nil {
		c.took.Observe(took.Seconds())
	}
}

// loginProtocols are the labels of logins. What the client of the authentication
// protocol calls its service is not in our hands.
var loginProtocols = [...]string{"imap", "smtp", "other"}

// login counts a login.
func (m *telemetry) login(proto string, ok bool) {
	if !slices.Contains(loginProtocols[:], proto) {
		proto = "other"
	}
	result := "failed"
	if ok {
		result = "ok"
	}
	m.logins.WithLabelValues(proto, result).Inc()
}

// commit counts a change of the store.
func (m *telemetry) commit(took time.Duration) { m.commits.Observe(took.Seconds()) }

// lmtp returns what LMTP tells.
func (m *telemetry) lmtp() smtp.Observer {
	count := func(v *prometheus.CounterVec, code int, good string) {
		result := good
		switch code / 100 {
		case 4:
			result = "deferred"
		case 5:
			result = "refused"
		}
		v.WithLabelValues(result).Inc()
	}
	return smtp.Observer{
		Recipient: func(code int) { count(m.recipients, code, "accepted") },
		Delivery:  func(code int) { count(m.deliveries, code, "delivered") },
		Message: func(size int64, took time.Duration) {
			m.messageBytes.Add(float64(size))
			m.deliverTime.Observe(took.Seconds())
		},
	}
}

// counted returns serve with the connections of a protocol, and what goes over
// them, counted.
func (m *telemetry) counted(protocol string, serve func(net.Conn)) func(net.Conn) {
	open, accepted := m.connections.WithLabelValues(protocol), m.accepted.WithLabelValues(protocol)
	received, sent := m.received.WithLabelValues(protocol), m.sent.WithLabelValues(protocol)
	return func(c net.Conn) {
		accepted.Inc()
		open.Inc()
		defer open.Dec()
		serve(&countedConn{c, received, sent})
	}
}

type countedConn struct {
	net.Conn
	received, sent prometheus.Counter
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(float64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(float64(n))
	return n, err
}
