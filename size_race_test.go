//go:build race

package main

// The race detector needs not as many organizations as the arithmetic.
const organizationsMany = 40
