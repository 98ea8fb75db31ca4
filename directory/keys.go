package directory

import "encoding/binary"

// Everything of this package is stored under the first byte 'd'. The second
// byte names the table; ids are 4 bytes big-endian, so that they sort.
//
//	di id                 -> principal record
//	dn name               -> kind, id            one name space of people and groups
//	dc id                 -> credentials of a person
//	da local 0 domain     -> id                  addresses beside the names
//	dA id local 0 domain  -> ""                  the same, by owner
//	dm group member       -> kind of the member
//	dM person group       -> ""                  direct groups of a person
//	dG group parent       -> ""                  direct groups of a group
//	dx source 0 key       -> id                  who came from a source
//	dX id                 -> external record: source, key, state, addresses
//	do subject            -> id                  who logs in with a provider's tokens
//	dO id                 -> subject
//	ds name               -> state: "id", "epoch", "secret", "iterations"
//
// Groups of groups have a table of their own because there are few of them:
// the whole graph is read with one Scan and kept in memory.
const (
	tablePrincipal   = 'i'
	tableName        = 'n'
	tableCredentials = 'c'
	tableAddress     = 'a'
	tableAddressOf   = 'A'
	tableMember      = 'm'
	tableGroupOf     = 'M'
	tableParent      = 'G'
	tableSubject     = 'o'
	tableSubjectOf   = 'O'
	tableExternal    = 'x'
	tableExternalOf  = 'X'
	tableState       = 's'
)

// lock covers all keys of this package.
const lock = "directory"

func idKey(table byte, ids ...ID) []byte {
	k := make([]byte, 0, 2+4*len(ids))
	k = append(k, 'd', table)
	for _, id := range ids {
		k = binary.BigEndian.AppendUint32(k, uint32(id))
	}
	return k
}

func textKey(table byte, s string) []byte {
	k := make([]byte, 0, 2+len(s))
	return append(append(k, 'd', table), s...)
}

func addressKey(a address) []byte { return textKey(tableAddress, a.key()) }

func addressOfKey(id ID, a address) []byte { return append(idKey(tableAddressOf, id), a.key()...) }

// after returns the first key that is greater than every key with the prefix.
func after(prefix []byte) []byte {
	hi := append([]byte(nil), prefix...)
	for i := len(hi) - 1; i >= 0; i-- {
		if hi[i] != 0xff {
			hi[i]++
			return hi[:i+1]
		}
	}
	return nil
}

// lastID returns the id at the end of a key.
func lastID(key []byte) ID {
	return ID(binary.BigEndian.Uint32(key[len(key)-4:]))
}
