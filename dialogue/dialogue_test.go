package dialogue

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// An echo is a world whose server says what it has heard: "say X" makes it say
// X, "late X" says it a minute later, "all X" to everybody, "bye" closes, and a
// literal is asked for and repeated.
type echo struct {
	conns   []net.Conn
	running sync.WaitGroup
	set     []string
	closing error
}

func (w *echo) Dial(string, netip.Addr) (net.Conn, error) {
	client, server := net.Pipe()
	w.conns = append(w.conns, server)
	w.running.Go(func() { w.serve(server) })
	return client, nil
}

func (w *echo) serve(conn net.Conn) {
	defer conn.Close()
	fmt.Fprintf(conn, "* OK hello\r\n")
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
		switch word {
		case "say":
			fmt.Fprintf(conn, "%s\r\n", rest)
		case "late":
			time.Sleep(time.Minute)
			fmt.Fprintf(conn, "%s\r\n", rest)
		case "all":
			for _, c := range w.conns {
				fmt.Fprintf(c, "%s\r\n", rest)
			}
		case "half":
			fmt.Fprintf(conn, "%s", rest)
			return
		case "bye":
			return
		case "literal":
			fmt.Fprintf(conn, "+ go on\r\n")
			var n int
			fmt.Sscanf(rest, "{%d}", &n)
			content := make([]byte, n+2)
			if _, err := io.ReadFull(r, content); err != nil {
				return
			}
			fmt.Fprintf(conn, "got {%d}\r\n%s.\r\n", n, content[:n])
		default:
			fmt.Fprintf(conn, "heard %s\r\n", word)
		}
	}
}

func (w *echo) Set(words []string, file []byte) error {
	if words[0] != "note" {
		return errors.New("unknown setting")
	}
	w.set = append(w.set, strings.Join(words, " ")+"="+string(file))
	return nil
}
func (w *echo) Restart() error { w.set = append(w.set, "restart"); return nil }
func (w *echo) Close() error   { w.running.Wait(); return w.closing }

// play runs a script against an echo.
func play(t *testing.T, text string, update bool) (w *echo, r *runner, err error) {
	t.Helper()
	w = &echo{}
	synctest.Test(t, func(t *testing.T) {
		s, perr := parse("script.txt", []byte(text))
		if perr != nil {
			err = perr
			return
		}
		r = newRunner(s)
		r.update = update
		err = r.run(func() (World, error) { return w, nil })
	})
	return w, r, err
}

func TestGoodScripts(t *testing.T) {
	for name, text := range map[string]string{
		"one client":    "C: say one\nS: one\nC: say two\nS: two\n",
		"several":       "a C: say 1\na S: 1\nb C: say 2\nb S: 2\na (silence)\n",
		"all hear":      "a C: x\na S: heard x\nb C: all now\na S: now\nb S: now\n",
		"any text":      "C: say * 12 FETCH (UID 7)\nS: * ... FETCH (...)\n",
		"bind":          "C: say UID 77 of x\nS: UID <uid> of x\nC: say again <uid>\nS: again 77\nC: say 77\nS: <uid>\n",
		"message ids":   "C: say <a@b.c>\nS: <a@b.c>\n",
		"comments":      "# first\n\nC: say one\n# between\nS: one\n# last\n",
		"skip":          "C> \"say x\\r\\nsay y\\r\\n\"\n(skip)\nC: z\nS: heard z\n",
		"later":         "C: late x\n(silence)\nwait 59s\n(silence)\nwait 1s\nS: x\n",
		"closed":        "C: bye\n(closed)\n",
		"file literal":  "C: literal {@text}\nS: got {@text}.\n-- text --\nHello\nworld!\n",
		"quick literal": "C: literal {\"a\\r\\nb!\"}\nS: got {\"a\\r\\nb!\"}.\n",
		"raw":           "C> \"say one\\r\\nsay two\\r\\n\"\nS: one\nS: two\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := play(t, text, false); err != nil {
				t.Error(err)
			}
		})
	}
}

// A script that does not hold must fail, and say where and why.
func TestBadScripts(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"other line":      {"C: say one\nS: two\n", []string{"script.txt:2:", "received\n\tone\n", "\n\ttwo"}},
		"would come":      {"C> \"say one\\r\\nsay two\\r\\n\"\nS: two\nS: one\n", []string{"script.txt:2:", "two   <- this would have been it"}},
		"one more":        {"C> \"say one\\r\\nsay two\\r\\n\"\nS: one\n", []string{"script.txt:1:", "more than the script says", "\ttwo"}},
		"other client":    {"a C: x\na S: heard x\nb C: all now\nb S: now\n", []string{"script.txt:3:", "a received more"}},
		"one less":        {"C: say one\nS: one\nS: two\n", []string{"script.txt:3:", "nothing (more)"}},
		"no silence":      {"C: say one\n(silence)\n", []string{"script.txt:2:", "should have received nothing", "one"}},
		"not closed":      {"C: say one\nS: one\n(closed)\n", []string{"script.txt:3:", "should be closed"}},
		"cut":             {"C: half a line\n(closed)\n", []string{"script.txt:2:", `in the middle of "a line"`}},
		"other binding":   {"C: say 7\nS: <uid>\nC: say 8\nS: <uid>\n", []string{"script.txt:4:", "received\n\t8"}},
		"unknown client":  {"C: say 7\nS: 7\nx S: 8\n", []string{"script.txt:3:", `no client "x"`}},
		"unknown setting": {"frobnicate\n", []string{"script.txt:1:", "unknown setting"}},
		"unknown file":    {"C: say {@nothing}\n", []string{"script.txt:1:", `no file "nothing"`}},
		"no step":         {"Something else\n", []string{"script.txt:1:", "neither a setting nor a step"}},
		"bad duration":    {"wait long\n", []string{"script.txt:1:", "wait"}},
		"too early":       {"C: late x\nS: x\n", []string{"script.txt:2:", "nothing (more)"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := play(t, tt.text, false)
			if err == nil {
				t.Fatal("the script holds")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
		})
	}
}

func TestSettings(t *testing.T) {
	w, _, err := play(t, "note a\nnote b text\nrestart\n-- text --\nx\n", false)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.set, ";"); got != "note a=;note b text=x\r\n;restart" {
		t.Errorf("%q", got)
	}
}

func TestWorldThatIsBroken(t *testing.T) {
	var err error
	synctest.Test(t, func(t *testing.T) {
		s, _ := parse("script.txt", []byte("note a\n"))
		err = newRunner(s).run(func() (World, error) { return &echo{closing: errors.New("damage")}, nil })
	})
	if err == nil || !strings.Contains(err.Error(), "script.txt: at the end: damage") {
		t.Errorf("%v", err)
	}
}

func TestUpdate(t *testing.T) {
	const files = "-- text --\nHello\n"
	for name, tt := range map[string]struct{ before, after string }{
		"holds":    {"# x\nC: say one\n# why\nS: on...\n# next\n" + files, ""},
		"new":      {"C: say one\n# next\nC: say two\n" + files, "C: say one\nS: one\n# next\nC: say two\nS: two\n" + files},
		"wrong":    {"C: say one\nS: two\n\na C: x\n", "C: say one\nS: one\n\na C: x\na S: heard x\n"},
		"keeps":    {"C> \"say one\\r\\nsay two\\r\\n\"\nS: o...\nS: three\n", "C> \"say one\\r\\nsay two\\r\\n\"\nS: o...\nS: two\n"},
		"too many": {"C: say one\nS: one\nS: two\n", "C: say one\nS: one\n"},
		"skip":     {"C: say one\n(skip)\n", ""},
		"closed":   {"C: bye\nwait 1s\n", "C: bye\n(closed)\nwait 1s\n"},
		"noise":    {"C: say one\n(silence)\n", "C: say one\nS: one\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, r, err := play(t, tt.before, true)
			if err != nil {
				t.Fatal(err)
			}
			if tt.after == "" {
				tt.after = tt.before
				if r.changed {
					t.Error("changed")
				}
			}
			if got := string(r.rewritten()); got != tt.after {
				t.Errorf("rewritten to\n%s\nwant\n%s", got, tt.after)
			}
			if _, _, err := play(t, string(r.rewritten()), false); err != nil {
				t.Errorf("the rewritten script does not hold: %v", err)
			}
		})
	}
}

// TestRun runs a script from a file, as the packages do.
func TestRun(t *testing.T) {
	Run(t, "testdata/*.txt", func() (World, error) { return &echo{}, nil })
}
