package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Size is a number of octets, written as a number with a unit: "50 MiB".
type Size int64

var sizeUnits = [...]struct {
	name string
	size int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	word := strings.TrimSpace(string(text))
	number, unit := word, int64(1)
	for _, u := range sizeUnits {
		if len(word) > len(u.name) && strings.EqualFold(word[len(word)-len(u.name):], u.name) {
			number, unit = strings.TrimSpace(word[:len(word)-len(u.name)]), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is not a size, write it as \"50 MiB\"", word)
	}
	*s = Size(n * unit)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the size in the largest binary unit that fits.
func (s Size) String() string {
	for _, u := range sizeUnits[:3] {
		if s != 0 && int64(s)%u.size == 0 {
			return fmt.Sprintf("%d %s", int64(s)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d B", int64(s))
}

// A FileMode is a set of permissions, written in octal: "0660".
type FileMode uint16

// UnmarshalText reads permissions.
func (m *FileMode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 16)
	if err != nil || n > 0o777 {
		return fmt.Errorf("%q are no permissions, write them as \"0660\"", text)
	}
	*m = FileMode(n)
	return nil
}

// String returns the permissions in octal.
func (m FileMode) String() string { return fmt.Sprintf("%04o", uint16(m)) }

// A Duration is a length of time, written with a unit: "30m".
type Duration time.Duration

// UnmarshalText reads a duration as time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration, write it as \"90s\" or \"30m\"", text)
	}
	*d = Duration(v)
	return nil
}

// String returns the duration without units that are zero at its end.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (d Duration) std() time.Duration { return time.Duration(d) }
