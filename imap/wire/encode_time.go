package wire

import "time"

// DateTime appends t as INTERNALDATE has it, for example
// "17-Jul-1996 02:44:25 -0700" with its quotes, in the zone of t. Years outside
// of 0 to 9999 have no form in IMAP and are cut to their last four digits.
func (e *Encoder) DateTime(t time.Time) *Encoder {
	e.buf = AppendDateTime(e.buf, t)
	return e
}

// AppendDateTime appends what Encoder.DateTime writes to dst.
func AppendDateTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, '"')
	if day < 10 {
		dst = append(dst, ' ', byte('0'+day))
	} else {
		dst = append2(dst, day)
	}
	dst = append(dst, '-')
	dst = append(dst, months[month-1]...)
	dst = append(dst, '-')
	year = (year%10000 + 10000) % 10000
	dst = append2(append2(dst, year/100), year%100)
	dst = append2(append(dst, ' '), hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), second)
	dst = append(dst, ' ', sign)
	dst = append2(append2(dst, offset/3600%100), offset/60%60)
	return append(dst, '"')
}

// append2 appends two digits.
func append2(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}
