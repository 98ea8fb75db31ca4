package directory

import (
	"encoding/binary"
	"fmt"
)

// Every record begins with a version byte, so that a later layout can be told
// from this one. Records are short and read often: no reflection, no names.
const recordVersion = 1

func appendID(b []byte, id ID) []byte { return binary.BigEndian.AppendUint32(b, uint32(id)) }

func encodePrincipal(p Principal) []byte {
	return append([]byte{recordVersion, byte(p.Kind)}, p.Name...)
}

func decodePrincipal(id ID, b []byte) (Principal, error) {
	if len(b) < 3 || b[0] != recordVersion {
		return Principal{}, corrupt("principal", b)
	}
	return Principal{ID: id, Kind: Kind(b[1]), Name: string(b[2:])}, nil
}

func encodeName(p Principal) []byte {
	return appendID([]byte{recordVersion, byte(p.Kind)}, p.ID)
}

func decodeName(name string, b []byte) (Principal, error) {
	if len(b) != 6 || b[0] != recordVersion {
		return Principal{}, corrupt("name", b)
	}
	return Principal{ID: lastID(b), Kind: Kind(b[1]), Name: name}, nil
}

func decodeID(b []byte) (ID, error) {
	if len(b) != 4 {
		return 0, corrupt("id", b)
	}
	return lastID(b), nil
}

func corrupt(what string, b []byte) error {
	version := -1
	if len(b) > 0 {
		version = int(b[0])
	}
	return fmt.Errorf("directory: stored %s record cannot be read (length %d, version %d); it was damaged or written by a newer poststube", what, len(b), version)
}
