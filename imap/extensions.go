package imap

// extensions is the list of everything that the server speaks, one line each. A
// new command or extension is a file with a function like these, a line here,
// and a dialogue in testdata; docs/imap.md follows by itself.
func extensions() []extension {
	return []extension{
		base(),
		idle(),
		id(),
		namespace(),
		enable(),
		literalPlus(),
		saslIR(),
		unselect(),
		uidplus(),
		move(),
		condstore(),
		qresync(),
		children(),
		listExtended(),
		listStatus(),
		specialUse(),
		statusSize(),
		multiappend(),
		appendLimit(),
		utf8Accept(),
		esearch(),
		searchResult(),
		within(),
		binary(),
		preview(),
		saveDate(),
		objectID(),
		partial(),
		sorting(),
		sortDisplay(),
		esort(),
		threading(),
		i18nLevel(),
		contextSearch(),
		compress(),
		unauthenticate(),
		uidOnly(),
		uidBatches(),
		replace(),
		catenate(),
		urlPartial(),
		inProgress(),
		messageLimit(),
		accessControl(),
		listMyRights(),
		metadata(),
		listMetadata(),
		quota(),
		notify(),
	}
}

// An extension is a part of the protocol that one document describes: what is
// announced, the commands, and the parts that it adds to commands of others.
type extension struct {
	name string // as in the IANA registry of capabilities, or a title
	rfc  string // "RFC 2177"
	// capabilities are announced to a session in its present state; nil: none.
	capabilities func(s *session) []string

	commands []command
	enables  []enableItem    // for ENABLE
	fetch    []fetchItem     // for FETCH
	search   []searchKey     // for SEARCH
	results  []searchOption  // for SEARCH RETURN
	sort     []sortCriterion // for SORT
	status   []statusItem    // for STATUS and LIST RETURN (STATUS)
	choose   []listSelection // selection options of LIST
	returns  []listReturn    // return options of LIST
	params   []selectParam   // of SELECT and EXAMINE
	create   []createParam   // of CREATE
	modify   []storeModifier // of STORE
	fetchMod []fetchModifier // of FETCH
}

// always announces capabilities in every state.
func always(names ...string) func(*session) []string {
	return func(*session) []string { return names }
}

// tables are the extensions sorted by what a parser looks up.
type tables struct {
	list     []extension
	commands map[string]*command
	enables  map[string]enableItem
	fetch    map[string]fetchItem
	search   map[string]searchKey
	results  map[string]searchOption
	sort     map[string]sortCriterion
	status   map[string]statusItem
	choose   map[string]listSelection
	returns  map[string]listReturn
	params   map[string]selectParam
	create   map[string]createParam
	modify   map[string]storeModifier
	fetchMod map[string]fetchModifier
}

func newTables(list []extension) *tables {
	t := &tables{list: list, commands: map[string]*command{}}
	for at, x := range list {
		for i := range x.commands {
			t.commands[x.commands[i].name] = &x.commands[i]
			x.commands[i].extension = &list[at]
		}
		index(&t.enables, x.enables, func(v enableItem) string { return v.name })
		index(&t.fetch, x.fetch, func(v fetchItem) string { return v.name })
		index(&t.search, x.search, func(v searchKey) string { return v.name })
		index(&t.results, x.results, func(v searchOption) string { return v.name })
		index(&t.sort, x.sort, func(v sortCriterion) string { return v.name })
		index(&t.status, x.status, func(v statusItem) string { return v.name })
		index(&t.choose, x.choose, func(v listSelection) string { return v.name })
		index(&t.returns, x.returns, func(v listReturn) string { return v.name })
		index(&t.params, x.params, func(v selectParam) string { return v.name })
		index(&t.create, x.create, func(v createParam) string { return v.name })
		index(&t.modify, x.modify, func(v storeModifier) string { return v.name })
		index(&t.fetchMod, x.fetchMod, func(v fetchModifier) string { return v.name })
	}
	return t
}

// index adds items to a table under their names.
func index[V any](table *map[string]V, items []V, name func(V) string) {
	if *table == nil {
		*table = map[string]V{}
	}
	for _, v := range items {
		(*table)[name(v)] = v
	}
}
