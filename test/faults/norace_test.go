//go:build !race

package faults

const ways = 2
