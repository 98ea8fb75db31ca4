package imap

import "poststube/uidset"

// esearch is RFC 4731, part of IMAP4rev2: what SEARCH is to tell of what it
// finds.
func esearch() extension {
	return extension{
		name:         "ESEARCH",
		rfc:          "RFC 4731",
		capabilities: always("ESEARCH"),
		results: []searchOption{
			searchResultOption("MIN", returnMin), searchResultOption("MAX", returnMax),
			searchResultOption("ALL", returnAll), searchResultOption("COUNT", returnCount),
		},
	}
}

// searchResult is RFC 5182, part of IMAP4rev2: "$" stands for what a SEARCH has
// found.
func searchResult() extension {
	return extension{
		name:         "SEARCHRES",
		rfc:          "RFC 5182",
		capabilities: always("SEARCHRES"),
		results:      []searchOption{searchResultOption("SAVE", returnSave)},
	}
}

// searchResults is a set of return options (RFC 9051 section 6.4.4).
type searchResults uint8

const (
	returnMin searchResults = 1 << iota
	returnMax
	returnAll
	returnCount
	returnSave
)

// A searchOption is a return option of SEARCH (RFC 9051 section 9,
// search-return-opt).
type searchOption struct {
	name string // in capitals
	read func(p *parser, r *searchRequest)
}

func searchResultOption(name string, result searchResults) searchOption {
	return searchOption{name: name, read: func(_ *parser, r *searchRequest) { r.results |= result }}
}

// readSearchOptions reads the list behind RETURN.
func readSearchOptions(p *parser, r *searchRequest) {
	p.List(func() {
		o, ok := p.results[p.Label()]
		if !ok {
			p.Expected("a return option of SEARCH that the server knows")
			return
		}
		o.read(p, r)
	})
	switch {
	case r.page != nil && r.results&returnAll != 0:
		p.Expected("PARTIAL or ALL, not both (RFC 9394 section 3.1)")
	case r.page == nil && r.results&^returnSave == 0:
		// Without any other option SAVE is silent; without any at all, ALL is
		// meant.
		if r.results == 0 && !r.update && !r.hint {
			r.results = returnAll
		}
	}
}

// told returns those of what was found that the client is told of, by the
// options that it has given. It is all of it if ALL or COUNT is among them.
func (r *searchRequest) told(found uidset.Set) uidset.Set {
	const few = returnMin | returnMax
	if r.results&(returnAll|returnCount) != 0 || r.page == nil && r.results&few == 0 || found.Empty() {
		return found
	}
	var told uidset.Set
	if r.page != nil {
		told = r.page.of(found)
	}
	if r.results&returnMin != 0 {
		told = told.Union(uidset.Of(found.Min()))
	}
	if r.results&returnMax != 0 {
		told = told.Union(uidset.Of(found.Max()))
	}
	return told
}
