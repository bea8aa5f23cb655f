// Package recovery lets each kind of fault end and measures how soon data is back, and how many calls were spent
// meanwhile: with a restart in between and without. The table in docs/reliability.md is made of these figures.
package recovery
