package wire

import (
	"time"
)

// Date reads a date such as 1-Feb-1994, with or without quotes. It returns the
// beginning of that day in UTC; SEARCH disregards times and zones (RFC 9051
// section 6.4.4).
func (d *Decoder) Date() time.Time {
	quoted := d.Try('"')
	const what = "a date like 1-Feb-1994"
	day := d.digits(1, 2, what)
	year, month := d.monthYear(what)
	if quoted && !d.Try('"') {
		d.Expected(`'"' at the end of the date`)
	}
	return d.day(year, month, day, time.UTC, what)
}

// DateTime reads a date with time and zone in quotes, such as
// "17-Jul-1996 02:44:25 -0700"; a day below 10 has a space before it.
func (d *Decoder) DateTime() time.Time {
	const what = `a date like "17-Jul-1996 02:44:25 -0700"`
	if !d.Try('"') {
		d.Expected(what)
	}
	least := 2
	if d.Try(' ') {
		least = 1
	}
	day := d.digits(least, least, what)
	year, month := d.monthYear(what)
	d.SP()
	hour := d.digits(2, 2, what)
	d.Special(':')
	minute := d.digits(2, 2, what)
	d.Special(':')
	second := d.digits(2, 2, what)
	d.SP()
	sign := 1
	if d.Try('-') {
		sign = -1
	} else {
		d.Special('+')
	}
	zone := d.digits(4, 4, what)
	d.Special('"')
	if hour > 23 || minute > 59 || second > 60 || zone%100 > 59 || zone/100 > 23 {
		d.Expected(what)
	}
	location := time.UTC
	if zone != 0 {
		location = time.FixedZone("", sign*(zone/100*3600+zone%100*60))
	}
	date := d.day(year, month, day, location, what)
	if d.err != nil {
		return time.Time{}
	}
	return date.Add(time.Duration(hour*3600+minute*60+second) * time.Second)
}

// monthYear reads "-Feb-1994".
func (d *Decoder) monthYear(what string) (year int, month time.Month) {
	d.Special('-')
	for m := range months {
		if d.tryMonth(m) {
			month = time.Month(m + 1)
			break
		}
	}
	if month == 0 {
		d.Expected(what)
	}
	d.Special('-')
	return d.digits(4, 4, what), month
}

// months are the names of RFC 9051 section 9, date-month.
var months = [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func (d *Decoder) tryMonth(m int) bool {
	if !d.ready() || len(d.line)-d.pos < 3 || !equalFold(d.line[d.pos:d.pos+3], months[m]) {
		return false
	}
	d.pos += 3
	return true
}

// digits reads a number of least to most digits.
func (d *Decoder) digits(least, most int, what string) int {
	n, count := 0, 0
	for count < most && isDigit(d.Peek()) {
		n = n*10 + int(d.line[d.pos]-'0')
		d.pos++
		count++
	}
	if count < least || isDigit(d.Peek()) {
		d.Expected(what)
	}
	return n
}

// day returns the beginning of a day that the calendar knows.
func (d *Decoder) day(year int, month time.Month, day int, zone *time.Location, what string) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if d.err == nil && (t.Day() != day || t.Month() != month) {
		d.Expected(what + " that exists")
	}
	if d.err != nil {
		return time.Time{}
	}
	return t
}
