package search

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	const cost = 2 + 100 + cachedOverhead
	c := newCache(3 * cost)
	value := make([]byte, 100)
	for i := range byte(3) {
		value[0] = i
		c.put([]byte{'k', i}, value)
	}
	value[0] = 99 // the cache has its own copy
	if v, ok := c.get([]byte{'k', 0}); !ok || v[0] != 0 {
		t.Errorf("the first value is %v", v)
	}
	c.put([]byte{'k', 3}, value)
	for i, want := range []bool{true, false, true, true} {
		if _, ok := c.get([]byte{'k', byte(i)}); ok != want {
			t.Errorf("value %d is in the cache: %v", i, ok)
		}
	}
	c.put([]byte{'k', 3}, value) // again
	c.put([]byte("large"), make([]byte, 4*cost))
	if _, ok := c.get([]byte("large")); ok || c.size != 0 || len(c.values) != 0 || c.recent.Len() != 0 {
		t.Errorf("a value that is too large: %v, size %d with %d values", ok, c.size, len(c.values))
	}
}

// TestCacheConcurrently is for the race detector.
func TestCacheConcurrently(t *testing.T) {
	c := newCache(5000)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 500 {
				key := fmt.Append(nil, (i*g)%50)
				c.put(key, key)
				if v, ok := c.get(key); ok && !bytes.Equal(v, key) {
					t.Errorf("key %s has value %s", key, v)
				}
			}
		})
	}
	all.Wait()
	if c.size > 5000 {
		t.Errorf("the cache has %d octets", c.size)
	}
}
