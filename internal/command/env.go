// Package command has what the program's commands share: the environment they are handed,
// the demo console, and the wording of lists.
//
// Each command is a package of its own below this one, with Options and Run. Commands do not
// import each other, and none of them knows flags: main does.
package command

import (
	"context"
	"io"
	"net"

	"github.com/go-kit/log"
)

// Dial connects to a console; nil is the ordinary network.
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Env is what a command is handed besides its options.
type Env struct {
	Logger log.Logger
	Stdout io.Writer
	Dial   Dial
}
