package clients

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A browser is a headless Chromium, driven by WebDriver (W3C).
type browser struct {
	r   *rig
	url string // of the session
}

// browser starts one, with a profile of its own, that ends with the test.
func (r *rig) browser() *browser {
	r.Helper()
	driver := r.start("chromedriver", "--port=0")
	r.Cleanup(driver.kill)
	port := ""
	for port == "" && driver.out.Scan() {
		if _, rest, ok := strings.Cut(driver.out.Text(), "started successfully on port "); ok {
			port = strings.TrimSuffix(rest, ".")
		}
	}
	go func() {
		for driver.out.Scan() {
		}
	}()
	b := &browser{r: r, url: "http://127.0.0.1:" + port}
	var session struct{ SessionID string }
	b.call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"browserName": "chrome",
		"goog:chromeOptions": map[string]any{"args": []string{
			"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1100",
			"--user-data-dir=" + r.mkdir("chromium"),
		}},
	}}}, &session)
	b.url += "/session/" + session.SessionID
	r.Cleanup(func() { _, _ = http.NewRequest("DELETE", b.url, nil) })
	return b
}

// in returns the browser for a subtest.
func (b *browser) in(r *rig) *browser { return &browser{r, b.url} }

// try is one command of WebDriver. A refusal is an error.
func (b *browser) try(method, path string, arg, result any) error {
	var body bytes.Buffer
	if arg != nil {
		if err := json.NewEncoder(&body).Encode(arg); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(b.r.ctx, method, b.url+path, &body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var refusal struct{ Error, Message string }
		_ = json.Unmarshal(answer.Value, &refusal)
		return fmt.Errorf("%s %s: %s: %s", method, path, refusal.Error, refusal.Message)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}

func (b *browser) call(method, path string, arg, result any) {
	b.r.Helper()
	b.r.must(b.try(method, path, arg, result))
}

// open goes to a page.
func (b *browser) open(url string) {
	b.r.Helper()
	b.call("POST", "/url", map[string]string{"url": url}, nil)
}

// run runs JavaScript, the body of a function, and returns its value as text.
func (b *browser) run(script string, args ...any) string {
	b.r.Helper()
	var value any
	b.call("POST", "/execute/sync", map[string]any{"script": script, "args": append([]any{}, args...)}, &value)
	return fmt.Sprint(value)
}

// element is the key of an element's name in WebDriver.
const element = "element-6066-11e4-a52e-4f735466cecf"

// find waits for an element that a CSS selector finds and that is to be seen.
func (b *browser) find(css string) (id string) {
	b.r.Helper()
	b.until("want to see "+css, func() bool {
		var found map[string]string
		if b.try("POST", "/element", map[string]string{"using": "css selector", "value": css}, &found) != nil {
			return false
		}
		id = found[element]
		var shown bool
		return b.try("GET", "/element/"+id+"/displayed", nil, &shown) == nil && shown
	})
	return id
}

// click clicks on an element as soon as that is possible.
func (b *browser) click(css string) {
	b.r.Helper()
	var err error
	b.until("want to click on "+css, func() bool {
		err = b.try("POST", "/element/"+b.find(css)+"/click", map[string]string{}, nil)
		return err == nil
	})
}

// fill types a text into a field, in place of what is there.
func (b *browser) fill(css, text string) {
	b.r.Helper()
	id := b.find(css)
	b.call("POST", "/element/"+id+"/clear", map[string]string{}, nil)
	b.call("POST", "/element/"+id+"/value", map[string]string{"text": text}, nil)
}

// attach chooses files in a field for them, which need not be seen.
func (b *browser) attach(css string, files ...string) {
	b.r.Helper()
	var found map[string]string
	b.call("POST", "/element", map[string]string{"using": "css selector", "value": css}, &found)
	b.call("POST", "/element/"+found[element]+"/value", map[string]string{"text": strings.Join(files, "\n")}, nil)
}

// sees waits until texts are in the page.
func (b *browser) sees(texts ...string) {
	b.r.Helper()
	for _, text := range texts {
		b.until("want to see "+text, func() bool {
			var page string
			err := b.try("POST", "/execute/sync", map[string]any{"script": "return document.body.innerText", "args": []any{}}, &page)
			return err == nil && strings.Contains(page, text)
		})
	}
}

// until looks again and again until something is so.
func (b *browser) until(what string, good func() bool) {
	b.r.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	enough := time.After(patience)
	for !good() {
		select {
		case <-look.C:
		case <-enough:
			b.picture("failed")
			b.r.Fatalf("%s; the page says:\n%s", what, tail(b.run("return document.body.innerText"), 60))
		case <-b.r.ctx.Done():
			b.r.Fatalf("%s, but the client's time is over", what)
		}
	}
}

// frame goes into a frame, or with "" to the page itself.
func (b *browser) frame(css string) {
	b.r.Helper()
	b.call("POST", "/frame", map[string]any{"id": nil}, nil)
	if css == "" {
		return
	}
	b.call("POST", "/frame", map[string]any{"id": map[string]string{element: b.find(css)}}, nil)
}

// picture keeps a picture of the window in $POSTSTUBE_SCREENSHOTS, if that is
// set, for people to look at.
func (b *browser) picture(name string) {
	b.r.Helper()
	var picture string
	if os.Getenv(screenshots) != "" && b.try("GET", "/screenshot", nil, &picture) == nil {
		b.r.keepPicture(name, picture)
	}
}

const screenshots = "POSTSTUBE_SCREENSHOTS"

// keepPicture writes a PNG, in base64, into the folder for them.
func (r *rig) keepPicture(name, picture string) {
	r.Helper()
	png, err := base64.StdEncoding.DecodeString(picture)
	r.must(err)
	file := strings.ReplaceAll(strings.TrimPrefix(r.Name(), "TestClients/"), "/", "-") + "-" + name + ".png"
	r.must(os.WriteFile(filepath.Join(os.Getenv(screenshots), file), png, 0o644))
}
