package collector

import "fmt"

func errTooMany(what string, most int) error {
	return fmt.Errorf("more than %d %s: that many are not exported", most, what)
}
