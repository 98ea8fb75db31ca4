// Package pebblekv is the kv back end for one machine: Pebble, an LSM tree, in
// one directory of the local disk.
//
// Pebble has no transactions. Package pebblekv adds what [kv.DB] asks for:
//
//   - named locks, taken in sorted order (locks.go);
//   - a transaction that reads its own writes (tx.go);
//   - commits that release their locks as soon as they are visible and wait
//     for the disk outside of them, so that commits of one owner share a sync
//     (db.go);
//   - the promise that nothing a client was told is taken back by a crash: a
//     View returns when everything that its snapshot may have shown is durable
//     (horizon.go);
//   - one answer to a disk that fails: the first failed write ends the store,
//     and nothing is written after it (failure.go, guardfs.go).
package pebblekv
