package server

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"poststube/admin"
)

// Load returns the configuration: the defaults, over them the file, if path is
// not empty, over them the environment. An error names the file and line, or
// the variable, and what is wrong there; it is a Refusal.
func Load(path string, environ []string) (Config, error) {
	c, err := load(path, environ)
	return c, refuse(err)
}

func load(path string, environ []string) (Config, error) {
	c := Default()
	if path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return c, err
		}
		if err := parse(b, &c); err != nil {
			return c, fmt.Errorf("%s:%w", path, err)
		}
	}
	if err := setEnviron(&c, environ); err != nil {
		return c, err
	}
	return c, c.Check()
}

// parse reads TOML strictly: a key that is not known is an error, since what a
// misspelt limit would have limited must not be left open.
func parse(text []byte, c *Config) error {
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(c)
	var unknown *toml.StrictMissingError
	var bad *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		bad = &unknown.Errors[0]
		line, _ := bad.Position()
		return fmt.Errorf("%d: %w", line, unknownKey(strings.Join(bad.Key(), "."), c))
	case errors.As(err, &bad):
		line, _ := bad.Position()
		text := strings.TrimPrefix(bad.Error(), "toml: ")
		if key := strings.Join(bad.Key(), "."); key != "" {
			text = key + ": " + text
		}
		return fmt.Errorf("%d: %s", line, text)
	case err != nil:
		return fmt.Errorf(" %w", err)
	}
	return nil
}

// unknownKey says which key may have been meant.
func unknownKey(name string, c *Config) error {
	var names []string
	for _, k := range keys(c) {
		names = append(names, k.name)
	}
	if near := admin.Nearest(name, names); near != "" {
		return fmt.Errorf("unknown key %q: did you mean %q?", name, near)
	}
	return fmt.Errorf("unknown key %q: poststube config example shows all", name)
}

// A key is one leaf of a Config.
type key struct {
	name  string // as in a file, "limits.message_size"
	doc   string
	value reflect.Value
	table bool // a section, not a leaf
}

// variable is the environment variable of the key: POSTSTUBE_LIMITS_MESSAGE_SIZE.
func (k key) variable() string {
	return "POSTSTUBE_" + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// keys returns the sections and leaves of c in their order.
func keys(c *Config) []key {
	return fieldsOf(reflect.ValueOf(c).Elem(), "")
}

func fieldsOf(v reflect.Value, prefix string) []key {
	var list []key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		k := key{name: prefix + f.Tag.Get("toml"), doc: f.Tag.Get("doc"), value: v.Field(i)}
		if f.Type.Kind() != reflect.Struct {
			list = append(list, k)
			continue
		}
		k.table = true
		list = append(list, k)
		list = append(list, fieldsOf(k.value, k.name+".")...)
	}
	return list
}

// setEnviron sets the keys whose variables are in environ ("NAME=value").
// Lists are separated by commas.
func setEnviron(c *Config, environ []string) error {
	vars := make(map[string]string, len(environ))
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	for _, k := range keys(c) {
		text, ok := vars[k.variable()]
		if !ok || k.table {
			continue
		}
		if err := k.set(text); err != nil {
			return fmt.Errorf("environment variable %s: %w", k.variable(), err)
		}
	}
	return nil
}

func (k key) set(text string) error {
	if u, ok := k.value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch k.value.Kind() {
	case reflect.String:
		k.value.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		k.value.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		k.value.SetBool(b)
	case reflect.Slice:
		list := []string{}
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				list = append(list, word)
			}
		}
		k.value.Set(reflect.ValueOf(list))
	default:
		return fmt.Errorf("cannot be set from the environment")
	}
	return nil
}
