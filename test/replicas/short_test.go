//go:build !long

package replicas

import "time"

const (
	lasts = time.Hour // the life of replicas that are disturbed
	lives = 1
)
