package message

import "strings"

// A content collects what the header of one part says about its content,
// while the header is read.
type content struct {
	boundary []byte // of a multipart
	encloses bool   // a message
	mime     bool   // MIME-Version or Content-Type was seen
	typed    bool   // Content-Type was seen
	encoded  bool   // Content-Transfer-Encoding was seen
	disposed bool   // Content-Disposition was seen
}

// opens reports whether there are parts to look for within the part.
func (c *content) opens() bool { return c.boundary != nil || c.encloses }

// read fills in part from its header block. Of fields that must be unique but
// are not the first counts; in the envelope see Envelope.
func (c *content) read(part *Part, header []byte, k kind) {
	if k == kindMessage {
		part.Envelope = &Envelope{}
	} else {
		c.mime = true
	}
	for len(header) > 0 {
		f, n := nextField(header)
		if n == 0 {
			break
		}
		header = header[n:]
		if len(f.Name) > len("Content-") && equalFoldASCII(f.Name[:len("Content-")], "Content-") {
			c.field(part, f)
		} else if k == kindMessage {
			if f.Is("MIME-Version") {
				c.mime = true
			} else {
				part.Envelope.add(f)
			}
		}
	}
	if !c.mime {
		// RFC 2045 section 4: without MIME-Version the Content-* fields mean
		// nothing. A Content-Type is taken as proof enough of MIME.
		*part = Part{HeaderStart: part.HeaderStart, Envelope: part.Envelope}
	}
	c.settle(part, k)
}

// field takes in one Content-* field.
func (c *content) field(part *Part, f Field) {
	switch name := f.Name[len("Content-"):]; len(name) {
	case len("ID"):
		if part.ID == "" && equalFoldASCII(name, "ID") {
			part.ID = unfoldedString(f.Value)
		}
	case len("MD5"):
		if part.MD5 == "" && equalFoldASCII(name, "MD5") {
			part.MD5 = unfoldedString(f.Value)
		}
	case len("Type"):
		if !c.typed && equalFoldASCII(name, "Type") {
			c.mime, c.typed = true, true
			part.Type, part.Subtype, part.Params = parseContentType(f.Value)
		}
	case len("Language"): // and Location
		switch {
		case part.Language == nil && equalFoldASCII(name, "Language"):
			part.Language = parseLanguage(f.Value)
		case part.Location == "" && equalFoldASCII(name, "Location"):
			part.Location = unfoldedString(f.Value)
		}
	case len("Description"): // and Disposition
		switch {
		case part.Description == "" && equalFoldASCII(name, "Description"):
			part.Description = unfoldedString(f.Value)
		case !c.disposed && equalFoldASCII(name, "Disposition"):
			c.disposed = true
			part.Disposition, part.DispositionParams = parseDisposition(f.Value)
		}
	case len("Transfer-Encoding"):
		if !c.encoded && equalFoldASCII(name, "Transfer-Encoding") {
			c.encoded = true
			part.Encoding = parseEncoding(f.Value)
		}
	}
}

// settle applies the defaults and decides what the part may hold.
func (c *content) settle(part *Part, k kind) {
	switch {
	case part.Type == "" && k == kindDigest && !c.typed:
		part.Type, part.Subtype = "message", "rfc822" // RFC 2046 section 5.1.5
	case part.Type == "":
		part.Type, part.Subtype, part.Params = "text", "plain", nil // RFC 2045 section 5.2
	case part.Subtype == "" && part.IsText():
		part.Subtype = "plain"
	case part.Subtype == "":
		part.Subtype = "x-unknown"
	}
	switch {
	case strings.EqualFold(part.Type, "multipart"):
		b := paramText(part.Params, "boundary")
		if b == "" {
			// The parameter is mandatory (RFC 2046 section 5.1.1): what the
			// field says is invalid, and the default holds.
			part.Type, part.Subtype, part.Params = "text", "plain", nil
			break
		}
		c.boundary = []byte(b[:min(len(b), MaxBoundary)])
	case part.Is("message", "rfc822"):
		c.encloses = true
	case part.Is("message", "global"):
		// RFC 6532 section 3.7 allows message/global to be encoded.
		c.encloses = isIdentity(part.Encoding)
	}
}

// makeOpaque describes a part that is not opened because of a limit.
func (p *Part) makeOpaque() {
	p.Type, p.Subtype, p.Params = "application", "octet-stream", nil
}

func unfoldedString(v []byte) string { return string(Unfold(v)) }

// parseContentType reads a Content-Type value (RFC 2045 section 5.1).
func parseContentType(v []byte) (typ, subtype string, params []Param) {
	l := lexer{b: v}
	l.skipCFWS()
	typ = intern(l.run(classToken))
	l.skipCFWS()
	if !l.accept('/') {
		return typ, "", l.params()
	}
	l.skipCFWS()
	subtype = intern(l.run(classToken))
	return typ, subtype, l.params()
}

// parseDisposition reads a Content-Disposition value (RFC 2183 section 2).
func parseDisposition(v []byte) (string, []Param) {
	l := lexer{b: v}
	l.skipCFWS()
	token := intern(l.run(classToken))
	return token, l.params()
}

// parseEncoding reads a Content-Transfer-Encoding value (RFC 2045 section 6.1).
// Junk behind the name of a known encoding is passed over; else it makes the
// value invalid, as good as absent.
func parseEncoding(v []byte) string {
	l := lexer{b: v}
	l.skipCFWS()
	token := intern(l.run(classToken))
	l.skipCFWS()
	if !l.atEnd() && !KnownEncoding(token) {
		return ""
	}
	return token
}

// parseLanguage reads a Content-Language value (RFC 3282 section 2).
func parseLanguage(v []byte) (tags []string) {
	l := lexer{b: v}
	for len(tags) < MaxParams {
		l.skipCFWS()
		if tag := l.run(classToken); len(tag) > 0 {
			tags = append(tags, string(tag))
		}
		l.skipCFWS()
		if !l.accept(',') {
			break
		}
	}
	return tags
}

// intern is string(b) without an allocation for what most mail says.
func intern(b []byte) string {
	switch string(b) {
	case "text":
		return "text"
	case "plain":
		return "plain"
	case "html":
		return "html"
	case "multipart":
		return "multipart"
	case "mixed":
		return "mixed"
	case "alternative":
		return "alternative"
	case "related":
		return "related"
	case "application":
		return "application"
	case "image":
		return "image"
	case "charset":
		return "charset"
	case "boundary":
		return "boundary"
	case "name":
		return "name"
	case "filename":
		return "filename"
	case "us-ascii":
		return "us-ascii"
	case "utf-8":
		return "utf-8"
	case "UTF-8":
		return "UTF-8"
	case "iso-8859-1":
		return "iso-8859-1"
	case "7bit":
		return "7bit"
	case "8bit":
		return "8bit"
	case "base64":
		return "base64"
	case "quoted-printable":
		return "quoted-printable"
	case "attachment":
		return "attachment"
	case "inline":
		return "inline"
	}
	return string(b)
}
