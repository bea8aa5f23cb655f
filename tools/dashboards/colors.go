package main

// Colours that people with any kind of colour blindness tell apart, in both themes; a test measures it.
const (
	good = "#2493B5" // blue
	warn = "#CC8A00" // orange
	bad  = "#D42F3F" // red
	calm = "text"    // not judged

	grey   = "#8A8A8A"
	pale   = "#C9C9C9"
	blue   = "#2F6FBF"
	sky    = "#7CC4EE"
	yellow = "#F2DA6B"
	orange = "#F09A3E"
	red    = "#E0413A"
	purple = "#A335B5"
)

// paint gives a series its colour.
type paint struct{ name, color string }

// ratings returns the colours of runZero's risk, criticality and severity, worst first.
func ratings() []paint {
	return []paint{{"critical", purple}, {"high", red}, {"medium", orange}, {"low", yellow}, {"info", sky}, {"none", blue}, {"unset", grey}, {"unknown", pale}}
}

// Classes of assets and Explorers, in the order in which graphs stack them.
func support() []paint {
	return []paint{{"ended", red}, {"extended", orange}, {"supported", blue}, {"unknown", grey}}
}

func age() []paint {
	return []paint{{"within a day", blue}, {"1 to 7 days ago", sky}, {"7 to 30 days ago", orange}, {"longer ago", grey}}
}

func explorerStates() []paint {
	return []paint{{"connected", blue}, {"disconnected", red}, {"inactive", grey}, {"unknown", orange}}
}
