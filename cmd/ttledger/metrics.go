package main

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/sqlite"
	"ttledger/adapters/tlog"
	"ttledger/adapters/webhook"
	"ttledger/domain/ledger"
	"ttledger/projections"
)

// metrics counts what the server does, for Prometheus. It has a registry of its own: nothing
// gets into it that is not listed here.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	commands *prometheus.CounterVec
	refused  *prometheus.CounterVec
	append   prometheus.Histogram
	batch    prometheus.Histogram
	queue    prometheus.Gauge
	failed   prometheus.Counter
	live     prometheus.Gauge
	told     *prometheus.CounterVec
	dead     *prometheus.GaugeVec
}

func newMetrics(l lag) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ttledger_http_requests_total",
			Help: "Requests answered, by the name of the route."}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ttledger_http_request_seconds",
			Help: "Time to answer a request.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}, []string{"route"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ttledger_commands_total",
			Help: "Commands taken over HTTP, by what came of them."}, []string{"command", "outcome"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ttledger_refused_total",
			Help: "Requests not let in: wrong token, ended session, guessing, limited, cross-origin."}, []string{"reason"}),
		append: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ttledger_append_seconds",
			Help: "Time from an append to its durable answer.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "ttledger_append_batch_size",
			Help: "Appends that shared one transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ttledger_append_queue_depth",
			Help: "Appends that waited when the last transaction was done."}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "ttledger_append_failures_total",
			Help: "Transactions that failed as a whole."}),
		live: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ttledger_live_readers",
			Help: "Readers that follow the events live."}),
		told: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ttledger_webhook_attempts_total",
			Help: "Attempts at a message: taken, not-taken, given-up (a dead letter now) or gone (the endpoint wants no more)."}, []string{"endpoint", "outcome"}),
		dead: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ttledger_webhook_dead_letters",
			Help: "Messages given up and kept, as of the last attempt."}, []string{"endpoint"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "ttledger_build_info", Help: "Always 1.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.commands, m.refused, m.append, m.batch, m.queue, m.failed, m.live, m.told, m.dead, build, l,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// erasures shows whether an erasure that was decided cannot be carried out.
func (m *metrics) erasures(failing func() bool) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "ttledger_erasure_failing",
		Help: "1 where a recorded erasure could not be carried out yet."}, func() float64 { return truth(failing()) }))
}

// sealing shows how far the transparency log is signed, and whether the ledger differs from it.
func (m *metrics) sealing(status func() tlog.Status) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "ttledger_log_entry",
			Help: "The last entry under the signed checkpoint of the transparency log."}, func() float64 { return float64(status().Sealed) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "ttledger_log_incident",
			Help: "1 where the ledger and its transparency log differ; nothing is signed then."}, func() float64 { return truth(status().Incident != nil) }),
	)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) answered(a httpapi.Answered) {
	m.requests.WithLabelValues(a.Route, a.Method, strconv.Itoa(a.Status)).Inc()
	m.seconds.WithLabelValues(a.Route).Observe(a.Took.Seconds())
	if a.Refused != "" {
		m.refused.WithLabelValues(a.Refused).Inc()
	}
	if a.Command != "" {
		m.commands.WithLabelValues(a.Command, a.Outcome).Inc()
	}
}

func (m *metrics) committed(c sqlite.Commit) {
	for _, waited := range c.Waited {
		m.append.Observe(waited.Seconds())
	}
	m.batch.Observe(float64(c.Requests))
	m.queue.Set(float64(c.Queued))
	if c.Err != nil {
		m.failed.Inc()
	}
}

func (m *metrics) readers(live int) { m.live.Set(float64(live)) }

func (m *metrics) attempted(a webhook.Attempt) {
	m.told.WithLabelValues(a.Endpoint, a.Outcome).Inc()
	m.dead.WithLabelValues(a.Endpoint).Set(float64(a.Dead))
}

// hooks shows the dead letters that a former process left.
func (m *metrics) hooks(s *webhook.Sender) error {
	for _, e := range s.Endpoints {
		state, _, err := webhook.ReadState(s.Dir, e.Name)
		if err != nil {
			return err
		}
		m.dead.WithLabelValues(e.Name).Set(float64(len(state.Dead)))
	}
	return nil
}

// appended is one append to an event store, which shares nothing with others.
func (m *metrics) appended(took time.Duration, err error) {
	m.append.Observe(took.Seconds())
	m.batch.Observe(1)
	if err != nil && ledger.KindOf(err) != ledger.KindConflict {
		m.failed.Inc()
	}
}

// behind counts the events after a position and says when the first of them was recorded.
type behind func(context.Context, ledger.Position) (events int64, since time.Time, err error)

// lag measures, when it is asked, how far the read models are from the ledger's true head. It is
// a prometheus.Collector.
type lag struct {
	status func() projections.Status
	behind behind
}

var (
	storeUp     = prometheus.NewDesc("ttledger_store_up", "1 where the ledger answers.", nil, nil)
	entryReach  = prometheus.NewDesc("ttledger_projection_entry", "The last entry in the read models.", nil, nil)
	lagEvents   = prometheus.NewDesc("ttledger_projection_lag_events", "Recorded events that the read models have not seen.", nil, nil)
	lagSeconds  = prometheus.NewDesc("ttledger_projection_lag_seconds", "Age of the oldest event that the read models have not seen; 0 where there is none.", nil, nil)
	modelsEnded = prometheus.NewDesc("ttledger_projection_stopped", "1 where the read models will not go on by themselves.", nil, nil)
)

// Describe is prometheus.Collector.
func (l lag) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storeUp, entryReach, lagEvents, lagSeconds, modelsEnded} {
		out <- d
	}
}

// scrapeWait bounds the question to the ledger. A ledger that does not answer has no lag to
// show, and says so by ttledger_store_up.
const scrapeWait = 2 * time.Second

// Collect is prometheus.Collector.
func (l lag) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64) { out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	status := l.status()
	gauge(entryReach, float64(status.Checkpoint.Entry))
	gauge(modelsEnded, truth(status.Stopped))
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWait)
	defer cancel()
	events, since, err := l.behind(ctx, status.Checkpoint.Position)
	gauge(storeUp, truth(err == nil))
	if err != nil {
		return
	}
	age := 0.0
	if events > 0 {
		age = max(0, time.Since(since).Seconds())
	}
	gauge(lagEvents, float64(max(0, events)))
	gauge(lagSeconds, age)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
