package cli

import "math"

// pageSize is the largest page that the contract allows.
const pageSize = 200

// everything is a limit that nothing reaches.
const everything = math.MaxInt

// pages reads page after page until there are limit items or no more. read is
// given where the next page begins and how many items it may have at most. A
// server that answers with the same cursor again has nothing more to say.
func pages[Item any](limit int, read func(cursor *string, size *int) (items []Item, next *string, err error)) ([]Item, error) {
	all := []Item{}
	var cursor *string
	for {
		size := min(limit-len(all), pageSize)
		items, next, err := read(cursor, &size)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if len(all) >= limit || text(next) == "" || text(next) == text(cursor) {
			return all[:min(len(all), limit)], nil
		}
		cursor = next
	}
}
