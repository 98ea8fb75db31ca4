package message

// An Envelope has the fields of an IMAP ENVELOPE (RFC 9051 section 7.5.2).
// Strings are unfolded and otherwise as in the header, encoded-words included;
// they are nil if the field is absent. Of several fields with the same name
// the strings have the last, and the addresses of all are joined, so that what
// one program checks is what another shows.
type Envelope struct {
	Date, Subject, InReplyTo, MessageID []byte

	// From to Bcc hold at most MaxAddresses each.
	From, Sender, ReplyTo, To, Cc, Bcc []Address
}

// add takes in a header field if it is one of the envelope's.
func (e *Envelope) add(f Field) {
	if text := e.text(f.Name); text != nil {
		*text = appendUnfolded(make([]byte, 0, len(f.Value)), f.Value)
	} else if list := e.list(f.Name); list != nil {
		*list = appendAddresses(*list, f.Value, MaxAddresses)
	}
}

func (e *Envelope) text(name []byte) *[]byte {
	switch len(name) {
	case len("Date"):
		if equalFoldASCII(name, "Date") {
			return &e.Date
		}
	case len("Subject"):
		if equalFoldASCII(name, "Subject") {
			return &e.Subject
		}
	case len("Message-ID"):
		if equalFoldASCII(name, "Message-ID") {
			return &e.MessageID
		}
	case len("In-Reply-To"):
		if equalFoldASCII(name, "In-Reply-To") {
			return &e.InReplyTo
		}
	}
	return nil
}

func (e *Envelope) list(name []byte) *[]Address {
	switch len(name) {
	case len("To"):
		if equalFoldASCII(name, "To") {
			return &e.To
		}
		if equalFoldASCII(name, "Cc") {
			return &e.Cc
		}
	case len("Bcc"):
		if equalFoldASCII(name, "Bcc") {
			return &e.Bcc
		}
	case len("From"):
		if equalFoldASCII(name, "From") {
			return &e.From
		}
	case len("Sender"):
		if equalFoldASCII(name, "Sender") {
			return &e.Sender
		}
	case len("Reply-To"):
		if equalFoldASCII(name, "Reply-To") {
			return &e.ReplyTo
		}
	}
	return nil
}

// AppendIMAP appends the envelope as IMAP writes it: a parenthesized list of
// ten members. Sender and Reply-To that are absent or empty are given as From.
func (e *Envelope) AppendIMAP(dst []byte) []byte {
	if e == nil {
		e = &Envelope{}
	}
	dst = append(dst, '(')
	dst = appendNString(dst, e.Date)
	dst = append(dst, ' ')
	if e.Subject == nil {
		dst = append(dst, "NIL"...)
	} else {
		dst = appendForPeople(dst, e.Subject)
	}
	for i, list := range [...][]Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
		if len(list) == 0 && (i == 1 || i == 2) {
			list = e.From
		}
		dst = append(dst, ' ')
		dst = appendAddressList(dst, list)
	}
	dst = append(dst, ' ')
	dst = appendNString(dst, e.InReplyTo)
	dst = append(dst, ' ')
	dst = appendNString(dst, e.MessageID)
	return append(dst, ')')
}
