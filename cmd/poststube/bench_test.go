package main

import (
	"testing"

	"poststube/bench"
)

// TestBenchTitles: each measurement has a title in both languages, and no title is
// of something else.
func TestBenchTitles(t *testing.T) {
	names := bench.Workloads()
	for _, name := range names {
		if title := benchTitles[name]; title.en == "" || title.de == "" {
			t.Errorf("%s has no title in both languages", name)
		}
	}
	if len(names) != len(benchTitles) {
		t.Errorf("%d measurements, %d titles", len(names), len(benchTitles))
	}
}

func TestThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{0.1234: "0.12", 9.994: "9.99", 9.999: "10.0", 12.34: "12.3", 99.96: "100", 12345: "12345"} {
		if got := threeDigits(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
