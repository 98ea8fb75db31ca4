package search

import (
	"encoding/binary"
	"strconv"
)

// Everything of this package is stored under 's' owner(4) table(1). Numbers are
// big-endian, so that order of keys is order of numbers.
//
//	m                                          -> manifest
//	r chunk(8)                                 -> postings: emails that were removed
//	s segment(8) field(1) f group(4) part(2)   -> rows of the filter
//	s segment(8) field(1) p block(4) part(2)   -> postings of a block's tokens
//	s segment(8) field(1) v block(4)           -> vocabulary: tokens
const (
	prefix = 's'

	tableManifest = 'm'
	tableRemoved  = 'r'
	tableSegment  = 's'

	partFilter     = 'f'
	partPostings   = 'p'
	partVocabulary = 'v'
)

// A key of a segment has its id at segmentAt; keyBase octets tell the table
// within.
const (
	segmentAt = 1 + 4 + 1
	keyBase   = segmentAt + 8 + 1
)

func appendOwnerKey(dst []byte, owner uint32, table byte) []byte {
	dst = append(dst, prefix)
	dst = binary.BigEndian.AppendUint32(dst, owner)
	return append(dst, table)
}

func manifestKey(owner uint32) []byte { return appendOwnerKey(nil, owner, tableManifest) }

func removedKey(owner uint32, chunk uint64) []byte {
	return binary.BigEndian.AppendUint64(appendOwnerKey(nil, owner, tableRemoved), chunk)
}

// ownerRange returns the bounds of everything that is stored about an owner.
func ownerRange(owner uint32) (lo, hi []byte) {
	return appendOwnerKey(nil, owner, 0), appendOwnerKey(nil, owner, 0xff)
}

// tableRange returns the bounds of one table of an owner.
func tableRange(owner uint32, table byte) (lo, hi []byte) {
	return appendOwnerKey(nil, owner, table), appendOwnerKey(nil, owner, table+1)
}

// segmentRange returns the bounds of what is stored about a segment.
func segmentRange(owner uint32, id uint64) (lo, hi []byte) {
	lo = binary.BigEndian.AppendUint64(appendOwnerKey(nil, owner, tableSegment), id)
	return lo, binary.BigEndian.AppendUint64(appendOwnerKey(nil, owner, tableSegment), id+1)
}

func appendFieldKey(dst []byte, owner uint32, id uint64, f Field, table byte) []byte {
	dst = binary.BigEndian.AppendUint64(appendOwnerKey(dst, owner, tableSegment), id)
	return append(dst, byte(f), table)
}

func appendVocabularyKey(dst []byte, owner uint32, id uint64, f Field, block uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFieldKey(dst, owner, id, f, partVocabulary), block)
}

func appendPostingsKey(dst []byte, owner uint32, id uint64, f Field, block uint32, part uint16) []byte {
	dst = binary.BigEndian.AppendUint32(appendFieldKey(dst, owner, id, f, partPostings), block)
	return binary.BigEndian.AppendUint16(dst, part)
}

func appendFilterKey(dst []byte, owner uint32, id uint64, f Field, group uint32, part uint16) []byte {
	dst = binary.BigEndian.AppendUint32(appendFieldKey(dst, owner, id, f, partFilter), group)
	return binary.BigEndian.AppendUint16(dst, part)
}

// lockName is the lock that covers what is stored about an owner.
func lockName(owner uint32) string { return "search/" + strconv.FormatUint(uint64(owner), 10) }

// segmentOf returns the id of the segment that a key belongs to.
func segmentOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[segmentAt:]) }
