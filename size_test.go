//go:build !race

package main

// How many organizations a large account has in tests.
const organizationsMany = 300
