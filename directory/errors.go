package directory

import "errors"

// The kinds of errors of this package, to be told apart with errors.Is. Errors
// that match none of them come from the store and are temporary.
var (
	// ErrNotFound: there is no such person, group or address.
	ErrNotFound = errors.New("not found")
	// ErrNotServed: the address is in a domain that is not served here.
	ErrNotServed = errors.New("domain is not served here")
	// ErrExists: the name or address is taken.
	ErrExists = errors.New("already taken")
	// ErrInvalid: a name, password or address breaks the rules; the text says which.
	ErrInvalid = errors.New("invalid")
	// ErrKind: a group where a person is needed, or the other way round.
	ErrKind = errors.New("wrong kind")
	// ErrCycle: the group would become a member of itself.
	ErrCycle = errors.New("a group cannot be its own member")
	// ErrAuth: the login failed. It never says why: an unknown name, a wrong
	// password and a penalty look the same.
	ErrAuth = errors.New("authentication failed")
	// ErrSyntax: a response breaks the rules of its SASL mechanism, or is too long.
	ErrSyntax = errors.New("malformed authentication response")
	// ErrMechanism: the SASL mechanism is unknown or not offered on this connection.
	ErrMechanism = errors.New("authentication mechanism is not available")
)
