//go:build long

package replicas

import "time"

const (
	lasts = 16 * time.Hour // the life of replicas that are disturbed
	lives = 2
)
