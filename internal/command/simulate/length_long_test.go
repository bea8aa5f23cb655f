//go:build long

package simulate

const historyLength = 14 * day
