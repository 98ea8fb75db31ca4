package server

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestConfigExample: the example changes nothing as it is, nor with every key
// switched on, and has them all.
func TestConfigExample(t *testing.T) {
	text := ConfigExample()
	key := regexp.MustCompile(`(?m)^#(\w+ = )`)
	for name, text := range map[string]string{"as it is": text, "switched on": key.ReplaceAllString(text, "$1")} {
		c := Default()
		if err := parse([]byte(text), &c); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		d := Default()
		for i, k := range keys(&c) {
			if k.table {
				continue
			}
			// An empty list and none are the same.
			if want := keys(&d)[i].value; k.value.Kind() == reflect.Slice && k.value.Len() == 0 && want.Len() == 0 {
				continue
			} else if !reflect.DeepEqual(k.value.Interface(), want.Interface()) {
				t.Errorf("%s: %s is %v, want %v", name, k.name, k.value, want)
			}
		}
	}
	c := Default()
	leaves := 0
	for _, k := range keys(&c) {
		if !k.table {
			leaves++
		}
	}
	if n := len(key.FindAllString(text, -1)); n != leaves {
		t.Errorf("%d keys of %d", n, leaves)
	}
	for line := range strings.Lines(text) {
		if len(line) > 140 {
			t.Errorf("a line of %d octets: %s", len(line), line)
		}
	}
}
