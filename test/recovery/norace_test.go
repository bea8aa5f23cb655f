//go:build !race

package recovery

const step = 1
