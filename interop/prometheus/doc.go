// Package prometheus has Prometheus' own tool check the alerts in dist/prometheus.
// It has tests only.
package prometheus
