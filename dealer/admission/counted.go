package admission

// counted is a map that counts for a session what it takes: a map does not
// shrink, so what it once had room for counts until it is empty.
type counted[V any] struct {
	each int64 // bytes of an entry in a map that has just grown
	of   map[uint64]V
	most int // entries that there is room for
}

// smallTable is how many entries a table may have room for when it is empty.
const smallTable = 64

func (c *counted[V]) get(id uint64) (v V, known bool) {
	v, known = c.of[id]
	return v, known
}

// put returns what it takes more.
func (c *counted[V]) put(id uint64, v V) int64 {
	if c.of == nil {
		c.of = make(map[uint64]V)
	}
	c.of[id] = v
	more := max(len(c.of)-c.most, 0)
	c.most += more
	return int64(more) * c.each
}

// drop returns what it takes less.
func (c *counted[V]) drop(id uint64) int64 {
	delete(c.of, id)
	if len(c.of) > 0 || c.most <= smallTable {
		return 0
	}
	return c.clear()
}

func (c *counted[V]) clear() int64 {
	less := int64(c.most) * c.each
	c.of, c.most = nil, 0
	return less
}
