package message

import "strings"

// BaseSubject extracts the base subject of a decoded subject by the procedure
// of RFC 5256 section 2.1, and reports whether anything marked it as a reply
// or forward: a subj-refwd, a "(fwd)" trailer, or "[fwd: ...]". The result is
// not case-mapped. Each octet is looked at a bounded number of times: runs of
// subj-blobs are remembered, not scanned again.
func BaseSubject(subject string) (base string, isReplyOrForward bool) {
	s := collapseSpace(subject)
	for {
		var marked, wrapped bool
		s, marked = trimTrailers(s)
		isReplyOrForward = isReplyOrForward || marked
		s, marked = trimLeaders(s)
		isReplyOrForward = isReplyOrForward || marked
		if s, wrapped = trimForward(s); !wrapped {
			return s, isReplyOrForward
		}
		isReplyOrForward = true
	}
}

// collapseSpace turns tabs, line ends and runs of spaces into one space (step
// 1).
func collapseSpace(s string) string {
	clean := true
	for i := range len(s) {
		if isClass(s[i], classFWS) && (s[i] != ' ' || i > 0 && s[i-1] == ' ') {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for i := range len(s) {
		if isClass(s[i], classFWS) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		b.WriteByte(s[i])
	}
	return b.String()
}

// trimTrailers removes subj-trailers (step 2).
func trimTrailers(s string) (string, bool) {
	marked := false
	for {
		s = strings.TrimRight(s, " ")
		if len(s) < len("(fwd)") || !strings.EqualFold(s[len(s)-len("(fwd)"):], "(fwd)") {
			return s, marked
		}
		s = s[:len(s)-len("(fwd)")]
		marked = true
	}
}

// trimLeaders removes subj-leaders, and subj-blobs as long as something is
// left (steps 3 to 5). s has no trailing space.
func trimLeaders(s string) (string, bool) {
	marked := false
	for {
		s = strings.TrimLeft(s, " ")
		blobs := s // the rest of s behind its run of blobs
		last := s  // the same, from the last blob on
		for {
			n := blobLength(blobs)
			if n == 0 {
				break
			}
			last, blobs = blobs, blobs[n:]
		}
		if n := refwdLength(blobs); n > 0 {
			s, marked = blobs[n:], true
			continue
		}
		// No subj-refwd behind the blobs, so none of them belongs to a
		// leader: they go one by one while a base is left.
		if blobs != "" {
			if len(blobs) == len(s) {
				return s, marked
			}
			s = blobs
			continue
		}
		return last, marked
	}
}

// blobLength is the length of the subj-blob that s starts with, 0 for none.
func blobLength(s string) int {
	if s == "" || s[0] != '[' {
		return 0
	}
	i := strings.IndexAny(s[1:], "[]")
	if i < 0 || s[1+i] == '[' {
		return 0
	}
	n := 1 + i + 1
	for n < len(s) && s[n] == ' ' {
		n++
	}
	return n
}

// refwdLength is the length of the subj-refwd that s starts with, 0 for none.
func refwdLength(s string) int {
	n := 0
	switch {
	case hasPrefixFold(s, "re"):
		n = 2
	case hasPrefixFold(s, "fwd"):
		n = 3
	case hasPrefixFold(s, "fw"):
		n = 2
	default:
		return 0
	}
	for n < len(s) && s[n] == ' ' {
		n++
	}
	n += blobLength(s[n:])
	if n < len(s) && s[n] == ':' {
		return n + 1
	}
	return 0
}

// trimForward removes "[fwd:" and "]" around a subject (step 6).
func trimForward(s string) (string, bool) {
	if !hasPrefixFold(s, "[fwd:") || s[len(s)-1] != ']' {
		return s, false
	}
	return s[len("[fwd:") : len(s)-1], true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
