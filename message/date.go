package message

import (
	"time"
)

// ParseDate reads the value of a Date field (RFC 5322 section 3.3 and the
// obsolete forms of section 4.3). The time keeps the zone of the field. As RFC
// 5256 section 2.2 asks, an invalid zone counts as UTC and an invalid time of
// day as midnight; it is false if not even a date can be made out. Order and
// separators are taken as they come: "Jan 2, 2006", "2-Jan-06" and "2006-01-02
// 15:04" are understood too.
func ParseDate(value []byte) (time.Time, bool) {
	d := dateParser{lexer: lexer{b: value}}
	for !d.done() {
		d.token()
	}
	return d.time()
}

// A dateParser collects what the tokens of a date say.
type dateParser struct {
	lexer
	day, month, year int
	numbers          int // of the date, so far
	hour, min, sec   int
	clock, clockBad  bool
	zone             int // seconds east
	zoned            bool
}

func (d *dateParser) done() bool {
	for {
		d.skipCFWS()
		if c := d.peek(); c != ',' && c != ';' {
			return d.atEnd()
		}
		d.i++
	}
}

// token takes in the next word, number, time of day or zone.
func (d *dateParser) token() {
	c := d.peek()
	switch {
	case isDigit(c):
		d.number()
	case (c == '+' || c == '-') && d.zoneAllowed():
		d.offset()
	case isLetter(c):
		start := d.i
		for isLetter(d.peek()) {
			d.i++
		}
		d.word(d.b[start:d.i])
	default:
		d.i++
	}
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// zoneAllowed reports whether a sign starts an offset rather than separates
// the parts of a date.
func (d *dateParser) zoneAllowed() bool {
	return d.clock && !d.zoned && d.i+1 < len(d.b) && isDigit(d.b[d.i+1])
}

// digits reads a number and returns it with its count of digits.
func (d *dateParser) digits() (n, count int) {
	for isDigit(d.peek()) {
		if count < 9 {
			n = n*10 + int(d.peek()-'0')
		}
		count++
		d.i++
	}
	return n, count
}

// number takes in a number of the date, or a time of day.
func (d *dateParser) number() {
	n, count := d.digits()
	if !d.clock && d.colon() {
		d.timeOfDay(n, count)
		return
	}
	switch {
	case d.year == 0 && d.day == 0 && count == 4: // 2006-01-02
		d.year = n
	case d.day == 0 && count <= 2 && !(d.year != 0 && d.month == 0):
		d.day = n
	case d.month == 0 && count <= 2 && d.numbers > 0:
		d.month = n
	case d.year == 0 && count >= 2 && count <= 4:
		d.year = fullYear(n, count)
	}
	d.numbers++
	if c := d.peek(); (c == 'T' || c == 't') && d.i+1 < len(d.b) && isDigit(d.b[d.i+1]) {
		d.i++ // ISO 8601
	}
}

// colon passes a colon and white space and comments around it (RFC 5322
// section 4.3), if one is next.
func (d *dateParser) colon() bool {
	start := d.i
	d.skipCFWS()
	if !d.accept(':') {
		d.i = start
		return false
	}
	d.skipCFWS()
	return true
}

// fullYear applies the rules of RFC 5322 section 4.3 for two and three digits.
func fullYear(n, count int) int {
	switch {
	case count == 2 && n < 50:
		return 2000 + n
	case count <= 3:
		return 1900 + n
	}
	return n
}

func (d *dateParser) timeOfDay(hour, count int) {
	d.clock = true
	d.clockBad = count > 2
	d.hour = hour
	d.min, count = d.digits()
	d.clockBad = d.clockBad || count == 0 || count > 2
	if d.colon() {
		d.sec, count = d.digits()
		d.clockBad = d.clockBad || count == 0 || count > 2
		if d.peek() == '.' { // fractions
			d.i++
			d.digits()
		}
	}
}

// offset takes in a numeric zone: +hhmm, +hh:mm or +hh.
func (d *dateParser) offset() {
	sign := 1
	if d.peek() == '-' {
		sign = -1
	}
	d.i++
	n, count := d.digits()
	h, m := n/100, n%100
	if count <= 2 {
		h, m = n, 0
		if d.peek() == ':' {
			d.i++
			m, _ = d.digits()
		}
	}
	d.zoned = true
	if count <= 4 && h < 24 && m < 60 {
		d.zone = sign * (h*3600 + m*60)
	}
}

// word takes in the name of a month or zone; names of days say nothing new.
func (d *dateParser) word(w []byte) {
	if m := monthNumber(w); m != 0 && d.month == 0 {
		d.month = m
		return
	}
	switch {
	case d.clock && len(w) == 2 && lower(w[1]) == 'm' && (lower(w[0]) == 'a' || lower(w[0]) == 'p'):
		if d.hour > 12 || d.hour == 0 {
			return
		}
		d.hour %= 12
		if lower(w[0]) == 'p' {
			d.hour += 12
		}
	case d.clock && !d.zoned:
		if z, ok := zoneOffset(w); ok {
			d.zone = z
			// "GMT+0100" means the offset.
			d.zoned = z != 0
		}
	}
}

func monthNumber(w []byte) int {
	if len(w) < 3 {
		return 0
	}
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	a, b, c := lower(w[0]), lower(w[1]), lower(w[2])
	for i := 0; i < len(months); i += 3 {
		if months[i] == a && months[i+1] == b && months[i+2] == c {
			return i/3 + 1
		}
	}
	return 0
}

// zoneOffset knows the zones of RFC 5322 section 4.3. The military letters
// say nothing, by the same section; other names are not known.
func zoneOffset(w []byte) (seconds int, ok bool) {
	hours := 0
	switch len(w) {
	case 1:
		return 0, true
	case 2:
		return 0, equalFoldASCII(w, "UT")
	case 3:
		switch {
		case equalFoldASCII(w, "GMT"), equalFoldASCII(w, "UTC"):
		case equalFoldASCII(w, "EDT"):
			hours = -4
		case equalFoldASCII(w, "EST"), equalFoldASCII(w, "CDT"):
			hours = -5
		case equalFoldASCII(w, "CST"), equalFoldASCII(w, "MDT"):
			hours = -6
		case equalFoldASCII(w, "MST"), equalFoldASCII(w, "PDT"):
			hours = -7
		case equalFoldASCII(w, "PST"):
			hours = -8
		default:
			return 0, false
		}
		return hours * 3600, true
	}
	return 0, false
}

// time puts the parts together.
func (d *dateParser) time() (time.Time, bool) {
	if d.month < 1 || d.month > 12 || d.day < 1 || d.year < 1 || d.year > 9999 {
		return time.Time{}, false
	}
	if d.day > daysIn(d.year, d.month) {
		return time.Time{}, false
	}
	h, m, s := d.hour, d.min, d.sec
	if d.clockBad || h > 23 || m > 59 || s > 60 {
		h, m, s = 0, 0, 0
	}
	zone := time.UTC
	if d.zone != 0 {
		zone = time.FixedZone("", d.zone)
	}
	return time.Date(d.year, time.Month(d.month), d.day, h, m, s, 0, zone), true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
