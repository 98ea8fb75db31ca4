package search

import (
	"container/list"
	"sync"
)

// A cache keeps values by their keys, those that were used last, up to a size.
// What it holds never changes: segments are written once, and their ids are not
// used again.
type cache struct {
	limit int

	mu     sync.Mutex
	size   int
	values map[string]*list.Element // of cached
	recent list.List                // front: used last
}

type cached struct {
	key   string
	value []byte
}

// cachedOverhead is what an entry takes beside key and value, in octets.
const cachedOverhead = 200

func newCache(limit int) *cache { return &cache{limit: limit, values: map[string]*list.Element{}} }

// get returns a value, which must not be modified.
func (c *cache) get(key []byte) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.values[string(key)]
	if e == nil {
		return nil, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached).value, true
}

// put keeps a copy of value.
func (c *cache) put(key, value []byte) {
	e := &cached{string(key), append([]byte(nil), value...)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values[e.key] != nil {
		return
	}
	c.values[e.key] = c.recent.PushFront(e)
	for c.size += e.cost(); c.size > c.limit; {
		oldest := c.recent.Back()
		o := c.recent.Remove(oldest).(*cached)
		delete(c.values, o.key)
		c.size -= o.cost()
	}
}

func (e *cached) cost() int { return len(e.key) + len(e.value) + cachedOverhead }
