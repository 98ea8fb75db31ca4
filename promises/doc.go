// Package promises holds the rigs that prove what poststube promises: they run
// the whole engine on disks that lose power and fail, the real program under
// load while it is killed, and hostile clients against both protocols.
//
// List names every promise with its test. `go run ./promises/cmd/table` runs
// them and prints what was tried; docs/promises.md says the same to users. Each
// rig has a short form, which every run of the tests includes, and a long one of
// as many rounds as $POSTSTUBE_LONG says.
package promises
