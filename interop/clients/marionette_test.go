package clients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A marionette is a program of Mozilla's under Xvfb, driven by the protocol of
// that name: "LENGTH:[0, id, command, arguments]", answered by
// "LENGTH:[1, id, error, result]".
type marionette struct {
	r    *rig
	conn net.Conn
	in   *bufio.Reader
	id   int
	// dialog: one that says this may open at any moment, and is closed.
	dialog string
}

// marionette starts a program with a profile that has the preference
// marionette.port 0, which makes it choose a port and write it down there.
func (r *rig) marionette(name, profile string) *marionette {
	r.Helper()
	x := r.start("Xvfb", "-displayfd", "1", "-screen", "0", "1280x1000x24", "-nolisten", "tcp")
	r.Cleanup(x.kill)
	if !x.out.Scan() {
		r.Fatalf("Xvfb did not start:\n%s", x.stderr.String())
	}
	display := ":" + strings.TrimSpace(x.out.Text())
	program := r.start("env", "DISPLAY="+display, "MOZ_CRASHREPORTER_DISABLE=1", name, "--no-remote", "--profile", profile, "--marionette", "--remote-allow-system-access")
	r.Cleanup(program.kill)
	go func() {
		for program.out.Scan() {
		}
	}()
	m := &marionette{r: r}
	m.until("want "+name+" to start", 60*time.Second, func() bool {
		port, err := os.ReadFile(filepath.Join(profile, "MarionetteActivePort"))
		if err != nil || len(port) == 0 {
			return false
		}
		m.conn, err = net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
		return err == nil
	})
	r.Cleanup(func() { _ = m.conn.Close() })
	m.in = bufio.NewReader(m.conn)
	if _, err := m.packet(); err != nil { // says what it is
		r.Fatal(err)
	}
	m.call("WebDriver:NewSession", map[string]any{"capabilities": map[string]any{
		"timeouts": map[string]int{"script": 30_000}, "unhandledPromptBehavior": "ignore",
	}})
	m.call("Marionette:SetContext", map[string]string{"value": "chrome"})
	return m
}

// with makes the marionette work for a subtest.
func (m *marionette) with(r *rig) *marionette {
	m.r = r
	return m
}

func (m *marionette) packet() ([]byte, error) {
	size, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(m.in, b)
	return b, err
}

// try is one command.
func (m *marionette) try(command string, arg any) (json.RawMessage, error) {
	m.id++
	b, err := json.Marshal([]any{0, m.id, command, arg})
	if err != nil {
		return nil, err
	}
	if deadline, ok := m.r.ctx.Deadline(); ok {
		_ = m.conn.SetDeadline(deadline)
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(b), b); err != nil {
		return nil, err
	}
	if b, err = m.packet(); err != nil {
		return nil, err
	}
	var refusal *struct{ Error, Message, Stacktrace string }
	var result json.RawMessage
	var kind, id int
	if err := json.Unmarshal(b, &[]any{&kind, &id, &refusal, &result}); err != nil {
		return nil, fmt.Errorf("%w: %s", err, b)
	}
	if refusal != nil {
		return nil, fmt.Errorf("%s: %s: %s\n%s", command, refusal.Error, refusal.Message, tail(refusal.Stacktrace, 5))
	}
	return result, nil
}

func (m *marionette) call(command string, arg any) json.RawMessage {
	m.r.Helper()
	result, err := m.try(command, arg)
	for m.dialog != "" && err != nil && strings.Contains(err.Error(), "unexpected alert open") {
		if raw, there := m.try("WebDriver:GetAlertText", nil); there == nil {
			if !strings.Contains(string(raw), m.dialog) {
				m.r.Fatalf("a dialog says %s", raw)
			}
			if _, err := m.try("WebDriver:DismissAlert", nil); err != nil {
				m.r.Fatal(err)
			}
		}
		result, err = m.try(command, arg)
	}
	m.r.must(err)
	return result
}

// run runs JavaScript, the body of an async function, in the program's main
// window and stores what it returns in result, unless that is nil.
func (m *marionette) run(result any, script string, args ...any) {
	m.r.Helper()
	raw := m.call("WebDriver:ExecuteAsyncScript", map[string]any{
		"script": `const done = arguments[arguments.length - 1];
			(async (...args) => {` + script + `})(...[...arguments].slice(0, -1)).then(v => done({value: v ?? null}), e => done({error: e + "\n" + (e.stack ?? "")}))`,
		"args": append([]any{}, args...), "newSandbox": false, "sandbox": "system",
	})
	var answer struct {
		Value struct {
			Value json.RawMessage
			Error string
		}
	}
	m.r.must(json.Unmarshal(raw, &answer))
	if answer.Value.Error != "" {
		m.r.Fatalf("%s\nin: %s", answer.Value.Error, strings.TrimSpace(script))
	}
	if result != nil {
		m.r.must(json.Unmarshal(answer.Value.Value, result))
	}
}

// until looks again and again until something is so.
func (m *marionette) until(what string, limit time.Duration, good func() bool) {
	m.r.Helper()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	enough := time.After(limit)
	for !good() {
		select {
		case <-look.C:
		case <-enough:
			m.picture("failed")
			m.r.Fatal(what)
		case <-m.r.ctx.Done():
			m.r.Fatalf("%s, but the client's time is over", what)
		}
	}
}

// alert waits for a dialog that says something, and closes it.
func (m *marionette) alert(text string) {
	m.r.Helper()
	m.until("want a dialog that says "+text, patience, func() bool {
		raw, err := m.try("WebDriver:GetAlertText", nil)
		return err == nil && strings.Contains(string(raw), text)
	})
	m.call("WebDriver:DismissAlert", nil)
}

// picture keeps a picture of the window, see browser.picture.
func (m *marionette) picture(name string) {
	m.r.Helper()
	if os.Getenv(screenshots) == "" || m.conn == nil {
		return
	}
	raw, err := m.try("WebDriver:TakeScreenshot", map[string]any{"full": false})
	var answer struct{ Value string }
	if err == nil && json.Unmarshal(raw, &answer) == nil {
		m.r.keepPicture(name, answer.Value)
	}
}
