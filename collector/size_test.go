//go:build !race

package collector

// How many records an answer has that somebody made to be too large.
const manyRows = 1_000_000
