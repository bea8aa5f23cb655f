// Package replicas runs whole exporters as replicas that share a simulated Redis, in simulated time: no poll is made by two
// of them, all serve the same, and another takes over from whichever ends or is cut off.
package replicas
