//go:build race

package collector

// The race detector needs not as many records as the arithmetic.
const manyRows = 60_000
