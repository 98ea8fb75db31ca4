package main

import (
	"fmt"
	"time"
)

// progress returns where long work reports how far it is: a line on a terminal
// that is written again and again, or nothing where there is no terminal.
func (a *app) progress() *progressLine {
	p := &progressLine{app: a, started: time.Now()}
	_, p.on = terminal(a.stderr)
	p.on = p.on && a.format == "text"
	return p
}

type progressLine struct {
	app     *app
	on      bool
	started time.Time
	last    time.Time
	shown   bool
}

// say writes the line, but not more often than one can read.
func (p *progressLine) say(format text, args ...any) {
	if now := time.Now(); p.on && now.Sub(p.last) >= 100*time.Millisecond {
		p.last, p.shown = now, true
		fmt.Fprintf(p.app.stderr, "\r\x1b[K"+p.app.t(format), args...)
	}
}

// end takes the line away.
func (p *progressLine) end() {
	if p.shown {
		fmt.Fprint(p.app.stderr, "\r\x1b[K")
		p.shown = false
	}
}

// rate returns how many a second.
func (p *progressLine) rate(n int) float64 {
	return float64(n) / max(time.Since(p.started).Seconds(), 1e-3)
}

// left returns how long the rest takes if it goes on like this.
func (p *progressLine) left(done, total int64) time.Duration {
	if done <= 0 {
		return 0
	}
	return (time.Since(p.started) * time.Duration(max(total-done, 0)) / time.Duration(done)).Round(time.Second)
}

// octets writes a size for people.
func octets(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
