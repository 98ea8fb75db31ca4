package diskspace_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"poststube/diskspace"
)

func TestLevels(t *testing.T) {
	tests := []struct {
		name    string
		reserve uint64
		free    uint64
		err     error
		want    diskspace.Level
	}{
		{"no reserve wanted", 0, 0, nil, diskspace.Ample},
		{"much", 800, 5000, nil, diskspace.Ample},
		{"the reserve exactly", 800, 800, nil, diskspace.Ample},
		{"in the reserve", 800, 799, nil, diskspace.Reserve},
		{"the last eighth exactly", 800, 100, nil, diskspace.Reserve},
		{"in the last eighth", 800, 99, nil, diskspace.Exhausted},
		{"unknown", 800, 0, errors.New("no statfs"), diskspace.Ample},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := diskspace.NewGuard(test.reserve, func() (uint64, error) { return test.free, test.err })
			if got := g.Level(); got != test.want {
				t.Errorf("level %d, want %d", got, test.want)
			}
		})
	}
}

func TestAsksOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, free := 0, uint64(1000)
		g := diskspace.NewGuard(800, func() (uint64, error) { asked++; return free, nil })
		for range 100 {
			g.Level()
			time.Sleep(10 * time.Millisecond)
		}
		if asked != 1 {
			t.Errorf("asked %d times within a second", asked)
		}
		free = 500
		if got := g.Level(); got != diskspace.Reserve || asked != 2 {
			t.Errorf("a second later: level %d after %d questions", got, asked)
		}
	})
}

func TestExhaust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := diskspace.NewGuard(0, func() (uint64, error) { return 1 << 40, nil })
		if got := g.Level(); got != diskspace.Ample {
			t.Fatalf("level %d at first", got)
		}
		g.Exhaust()
		time.Sleep(999 * time.Millisecond)
		if got := g.Level(); got != diskspace.Exhausted {
			t.Errorf("level %d right after a failed write", got)
		}
		time.Sleep(time.Millisecond)
		if got := g.Level(); got != diskspace.Ample {
			t.Errorf("level %d a second after a failed write", got)
		}
	})
}
