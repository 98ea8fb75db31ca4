package message

// A HeaderSet says which header fields a Summary carries. It is stored with
// the fields, so that a later program whose list is longer knows what an
// absent field means in an old record. 0 covers nothing.
type HeaderSet uint8

const currentHeaderSet HeaderSet = 1

// Covers reports whether fields with this name are in the set: if they are, a
// field that is not among those stored is absent from the message.
func (s HeaderSet) Covers(name []byte) bool {
	if s != 1 {
		return false
	}
	for _, n := range headerSets[len(name)%len(headerSets)] {
		if equalFoldASCII(name, n) {
			return true
		}
	}
	return false
}

// CoversAll reports whether all names are in the set, so that AppendFields can
// answer HEADER.FIELDS from the stored fields.
func (s HeaderSet) CoversAll(names []string) bool {
	for _, n := range names {
		if !s.Covers([]byte(n)) {
			return false
		}
	}
	return true
}

// headerSets has what mail programs fetch for their message lists, by the
// length of the name modulo 8.
var headerSets = buildHeaderSets(
	"Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject",
	"Message-ID", "In-Reply-To", "References", "Newsgroups",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post",
	"X-Priority", "Priority", "Importance", "X-Mailer", "User-Agent",
	"Delivered-To", "X-Spam-Flag", "X-Spam-Status", "Auto-Submitted",
	"Disposition-Notification-To", "Return-Receipt-To",
)

func buildHeaderSets(names ...string) (t [8][]string) {
	for _, n := range names {
		i := len(n) % len(t)
		t[i] = append(t[i], n)
	}
	return t
}
