package main

import (
	"os"
	"slices"
	"testing"
	"testing/fstest"
	"time"
)

func TestTargets(t *testing.T) {
	root := fstest.MapFS{
		"b/b_test.go":            {Data: []byte("package b\n\nfunc FuzzTwo(f *testing.F) {\n}\n\nfunc FuzzOne(f *testing.F) {}\n")},
		"a_test.go":              {Data: []byte("package a\n\nfunc FuzzA(f *testing.F) {}\n// func FuzzNot(f *testing.F)\nfunc TestA(t *testing.T) {}\n")},
		"a.go":                   {Data: []byte("package a\n\nfunc FuzzNot(f *testing.F) {}\n")},
		"b/testdata/x_test.go":   {Data: []byte("func FuzzNot(f *testing.F) {}\n")},
		".hidden/hidden_test.go": {Data: []byte("func FuzzNot(f *testing.F) {}\n")},
	}
	list, err := targets(root)
	if want := []target{{".", "FuzzA"}, {"b", "FuzzOne"}, {"b", "FuzzTwo"}}; err != nil || !slices.Equal(list, want) {
		t.Errorf("found %v, %v; want %v", list, err, want)
	}
	list, err = targets(os.DirFS("../../.."))
	if err != nil || len(list) < 30 || !slices.Contains(list, target{"imap", "FuzzCommand"}) {
		t.Errorf("found %d targets of the module, %v: %v", len(list), err, list)
	}
	if result, ok := fuzzAll(fstest.MapFS{}, time.Second); ok {
		t.Errorf("without any target: %s", result)
	}
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		total time.Duration
		n     int
		want  time.Duration
	}{{time.Hour, 36, 100 * time.Second}, {time.Second, 10, time.Second}} {
		if got := share(tt.total, tt.n); got != tt.want {
			t.Errorf("%v for %d targets: %v each, want %v", tt.total, tt.n, got, tt.want)
		}
	}
}

func TestTried(t *testing.T) {
	for out, want := range map[string]int{
		"": 0, "fuzz: elapsed: 0s, gathering baseline coverage: 0/42 completed\nok\n": 0,
		"fuzz: elapsed: 3s, execs: 100 (33/sec)\nfuzz: elapsed: 6s, execs: 250 (50/sec), new interesting: 1\n": 250,
	} {
		if got := tried([]byte(out)); got != want {
			t.Errorf("%q: %d inputs, want %d", out, got, want)
		}
	}
}
