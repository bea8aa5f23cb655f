package runzero

// Observers reports every request to each of several observers, in their order.
type Observers []Observer

// Responded implements Observer.
func (o Observers) Responded(e Exchange) {
	for _, observer := range o {
		observer.Responded(e)
	}
}

// Finished implements Observer.
func (o Observers) Finished(e Exchange) {
	for _, observer := range o {
		observer.Finished(e)
	}
}
