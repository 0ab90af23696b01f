package admin

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are read when they are asked for: nothing is counted here.

// metric describes one.
func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wampool_"+name, help, labels, nil)
}

// ofPool describes one of each pool.
func ofPool(name, help string, labels ...string) *prometheus.Desc {
	return metric(name, help, append([]string{"realm", "pool"}, labels...)...)
}

// The metrics, as section "Metrics" of README.md lists them.
var (
	callsReceived = ofPool("calls_received_total", "Calls that came for a pool.", "origin")
	callsEnded    = ofPool("calls_ended_total", "Calls that have ended, and whose slot is free again.", "outcome")
	callsWaiting  = ofPool("calls_waiting", "Calls that wait for a callee.")
	callsRunning  = ofPool("calls_running", "Slots taken, by calls whose caller has gone too.")
	ledger        = ofPool("ledger_difference", "Calls received, less those that have ended, wait or run: always 0.")
	queueBytes    = ofPool("queue_bytes", "Bytes that calls hold which wait.")
	queueOldest   = ofPool("queue_oldest_seconds", "How long the call has waited that waits longest.")
	queueLimit    = ofPool("queue_limit", "Most calls that may wait, 0 where none may.")
	callTimes     = [...]*prometheus.Desc{
		WaitHistogram:   ofPool("queue_wait_seconds", "From arrival, or from being handed on, to dispatch."),
		CalleeHistogram: ofPool("callee_seconds", "From dispatch to the callee's last answer."),
		CallHistogram:   ofPool("call_seconds", "From arrival to the callee's answer that the caller gets."),
	}
	poolCallees    = ofPool("pool_callees", "Callees in the pool.")
	poolSlots      = ofPool("pool_slots", "Slots of the callees that have a limit.")
	poolSlotsTaken = ofPool("pool_slots_taken", "Slots taken of those.")
	poolAway       = ofPool("pool_away", "Calls that other sidecars have.")
	poolCredits    = ofPool("pool_credits", "Slots that other sidecars have offered.")

	clusterMembers = metric("cluster_members", "Other sidecars that the membership knows.")
	peers          = metric("peers", "Links with other sidecars that stand, by where calls may go on them.", "realm", "calls")
	peerRoundTrip  = metric("peer_round_trip_seconds", "The longest round trip of these links.", "realm")

	sessions       = metric("sessions", "Sessions of clients.", "realm", "transport", "serializer")
	sessionsOpened = metric("sessions_opened_total", "Sessions of clients that the router has welcomed.", "realm", "transport", "serializer")
	sessionsEnded  = metric("sessions_ended_total", "Sessions of clients that have ended.", "realm", "cause")
	poolSessionUp  = metric("pool_session_up", "wampool's own sessions at the router that are up.", "realm", "serializer")
	poolJoins      = metric("pool_session_joins_total", "How often the router has welcomed one.", "realm", "serializer")
	registersTotal = ofPool("registers_total", "REGISTERs of clients, by what became of them.", "outcome")
	lockWaits      = metric("lock_wait_seconds", "Waiting for the realm's lock, of each event.", "realm")
	sendBuffers    = metric("send_buffer_bytes", "Bytes that wait for clients in their send buffers.")
	dropped        = metric("clients_dropped_total", "Clients that were dropped.", "reason")
	memoryBytes    = metric("memory_bytes", "What all clients make wampool hold, and the most of it.", "kind")
	configReloads  = metric("config_reloads_total", "Configurations loaded or refused since the start.", "outcome")
	configLoaded   = metric("config_loaded_timestamp_seconds", "When the configuration in force was loaded.")
	build          = metric("build_info", "What runs: always 1.", "version", "goversion")
)

// collector reads a sidecar.
type collector struct {
	sidecar Sidecar
	version string
}

// metricsHandler answers GET /metrics.
func metricsHandler(of Sidecar, version string) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{of, version}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// maxScrapes bounds how many read the metrics at the same time.
const maxScrapes = 4

// Describe describes nothing: what there is to collect depends on the pools.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect reads all metrics.
func (c collector) Collect(to chan<- prometheus.Metric) {
	out := metrics{to}
	counts := byName(c.sidecar.Counts())
	for i := range counts {
		out.pool(&counts[i])
	}
	t := c.sidecar.Totals()
	out.totals(&t)
	out.gauge(build, 1, c.version, runtime.Version())
}

// metrics is where they go.
type metrics struct{ to chan<- prometheus.Metric }

func (m metrics) gauge(d *prometheus.Desc, value float64, labels ...string) {
	m.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (m metrics) counter(d *prometheus.Desc, value uint64, labels ...string) {
	m.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

func (m metrics) pool(p *PoolCounts) {
	for i, n := range p.Received {
		m.counter(callsReceived, n, p.Realm, p.Name, Origins[i])
	}
	for i, n := range p.Ended {
		m.counter(callsEnded, n, p.Realm, p.Name, Outcomes[i])
	}
	difference := float64(p.ReceivedAll()) - float64(p.EndedAll()) - float64(p.Waiting) - float64(p.Running)
	for _, gauge := range []struct {
		of    *prometheus.Desc
		value float64
	}{
		{callsWaiting, float64(p.Waiting)}, {callsRunning, float64(p.Running)}, {ledger, difference},
		{queueBytes, float64(p.QueueBytes)}, {queueOldest, p.OldestSeconds}, {queueLimit, float64(p.QueueLimit)},
		{poolCallees, float64(p.Callees)}, {poolSlots, float64(p.Slots)}, {poolSlotsTaken, float64(p.Taken)},
	} {
		if p.IsGone && (gauge.of == poolCallees || gauge.of == poolSlots || gauge.of == poolSlotsTaken) {
			continue // a service that is gone for good must not be missed for ever
		}
		m.gauge(gauge.of, gauge.value, p.Realm, p.Name)
	}
	if p.Clustered {
		m.gauge(poolAway, float64(p.Away), p.Realm, p.Name)
		m.gauge(poolCredits, float64(p.Credits), p.Realm, p.Name)
	}
	for i, d := range callTimes {
		m.histogram(d, p.Bounds, p.Histograms[i], p.Sums[i], p.Realm, p.Name)
	}
}

// histogram puts one whose counts are each without those below it.
func (m metrics) histogram(d *prometheus.Desc, bounds []float64, counts []uint64, sum float64, labels ...string) {
	buckets := make(map[float64]uint64, len(bounds))
	var below uint64
	for i, n := range counts {
		below += n
		if i < len(bounds) {
			buckets[bounds[i]] = below
		}
	}
	m.to <- prometheus.MustNewConstHistogram(d, below, sum, buckets, labels...)
}

func (m metrics) totals(t *Totals) {
	for _, s := range t.Sessions {
		m.gauge(sessions, float64(s.Open), s.Realm, s.Transport, s.Serializer)
		m.counter(sessionsOpened, s.Opened, s.Realm, s.Transport, s.Serializer)
	}
	for _, e := range t.Ended {
		m.counter(sessionsEnded, e.Ended, e.Realm, e.Cause)
	}
	for _, l := range t.PoolSessions {
		m.gauge(poolSessionUp, float64(l.Up), l.Realm, l.Serializer)
		m.counter(poolJoins, l.Joins, l.Realm, l.Serializer)
	}
	for _, r := range t.Registers {
		m.counter(registersTotal, r.Pooled, r.Realm, r.Pool, "pooled")
		m.counter(registersTotal, r.Passed, r.Realm, r.Pool, "passed")
		m.counter(registersTotal, r.Denied, r.Realm, r.Pool, "denied")
	}
	for _, l := range t.Locks {
		m.histogram(lockWaits, l.Bounds, l.Waits, l.Sum, l.Realm)
	}
	for _, p := range t.Peers {
		m.gauge(peers, float64(p.To), p.Realm, "to")
		m.gauge(peers, float64(p.From), p.Realm, "from")
		m.gauge(peerRoundTrip, p.RoundTripSeconds, p.Realm)
	}
	if t.IsClustered {
		m.gauge(clusterMembers, float64(t.Members))
	}
	for reason, n := range t.Dropped {
		m.counter(dropped, n, reason)
	}
	m.gauge(sendBuffers, float64(t.SendBufferBytes))
	m.gauge(memoryBytes, float64(t.HeldBytes), "held")
	m.gauge(memoryBytes, float64(t.MemoryBytes), "limit")
	m.counter(configReloads, t.ConfigsLoaded, "loaded")
	m.counter(configReloads, t.ConfigsRefused, "refused")
	m.gauge(configLoaded, float64(t.ConfigLoadedAt.UnixMilli())/1000)
}
