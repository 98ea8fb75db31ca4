package message

import "strings"

// AppendBodyStructure appends the structure of the part as IMAP writes it:
// BODYSTRUCTURE if extended, else BODY (RFC 9051 sections 7.5.2 and 9). Types
// and parameter names are spelled as in the message; they are compared without
// regard to case.
func (p *Part) AppendBodyStructure(dst []byte, extended bool) []byte {
	dst = append(dst, '(')
	if p.IsMultipart() {
		for _, c := range p.Children {
			dst = c.AppendBodyStructure(dst, extended)
		}
		if len(p.Children) == 0 {
			// The grammar wants at least one part (body-type-mpart).
			empty := Part{Type: "text", Subtype: "plain"}
			dst = empty.AppendBodyStructure(dst, extended)
		}
		dst = append(dst, ' ')
		dst = appendString(dst, p.Subtype)
		if extended {
			dst = append(dst, ' ')
			dst = appendParams(dst, p.Params, false)
		}
	} else {
		dst = p.appendSinglePart(dst, extended)
	}
	if extended {
		dst = p.appendExtension(dst)
	}
	return append(dst, ')')
}

// appendSinglePart appends body-type-1part up to the MD5 field.
func (p *Part) appendSinglePart(dst []byte, extended bool) []byte {
	dst = appendString(dst, p.Type)
	dst = append(dst, ' ')
	dst = appendString(dst, p.Subtype)
	dst = append(dst, ' ')
	dst = appendParams(dst, p.Params, p.IsText())
	dst = append(dst, ' ')
	dst = appendNonEmpty(dst, p.ID)
	dst = append(dst, ' ')
	dst = appendNonEmpty(dst, p.Description)
	dst = append(dst, ' ')
	if p.Encoding == "" {
		dst = append(dst, `"7bit"`...) // RFC 2045 section 6.1
	} else {
		dst = appendString(dst, p.Encoding)
	}
	dst = append(dst, ' ')
	dst = appendInt(dst, p.Size())
	if p.IsMessage() {
		inner := p.Children[0]
		dst = append(dst, ' ')
		dst = inner.Envelope.AppendIMAP(dst)
		dst = append(dst, ' ')
		dst = inner.AppendBodyStructure(dst, extended)
	}
	if p.IsMessage() || p.IsText() {
		dst = append(dst, ' ')
		dst = appendInt(dst, p.Lines)
	}
	if extended {
		dst = append(dst, ' ')
		dst = appendNonEmpty(dst, p.MD5)
	}
	return dst
}

// appendExtension appends disposition, language and location.
func (p *Part) appendExtension(dst []byte) []byte {
	if p.Disposition == "" {
		dst = append(dst, " NIL"...)
	} else {
		dst = append(dst, " ("...)
		dst = appendString(dst, p.Disposition)
		dst = append(dst, ' ')
		dst = appendParams(dst, p.DispositionParams, false)
		dst = append(dst, ')')
	}
	if len(p.Language) == 0 {
		dst = append(dst, " NIL "...)
	} else {
		sep := byte('(')
		dst = append(dst, ' ')
		for _, tag := range p.Language {
			dst = append(dst, sep)
			dst = appendString(dst, tag)
			sep = ' '
		}
		dst = append(dst, ')', ' ')
	}
	return appendNonEmpty(dst, p.Location)
}

// appendParams appends a parameter list. For text parts, withCharset adds the
// default charset where none is given (RFC 2045 section 5.2).
func appendParams(dst []byte, params []Param, withCharset bool) []byte {
	sep := byte('(')
	for _, p := range params {
		dst = append(dst, sep)
		dst = appendString(dst, p.Name)
		dst = append(dst, ' ')
		dst = appendString(dst, p.Value)
		sep = ' '
		withCharset = withCharset && !strings.EqualFold(p.Name, "charset")
	}
	if withCharset {
		dst = append(dst, sep)
		dst = append(dst, `"charset" "us-ascii"`...)
		sep = ' '
	}
	if sep == '(' {
		return append(dst, "NIL"...)
	}
	return append(dst, ')')
}
