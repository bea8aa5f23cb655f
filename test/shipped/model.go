package shipped

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Dashboard is a dashboard as its file has it: Grafana's classic model, as far as there
// is reason to use it. Whatever else a file holds, even what Grafana knows, is refused:
// Grafana ignores a misspelt key without a word.
type Dashboard struct {
	UID           string         `json:"uid"`
	ID            jsontext.Value `json:"id"`
	Title         string         `json:"title"`
	Description   string         `json:"description"`
	Tags          []string       `json:"tags"`
	SchemaVersion int            `json:"schemaVersion"`
	Version       int            `json:"version"`
	Editable      *bool          `json:"editable"`
	GraphTooltip  int            `json:"graphTooltip"`
	Refresh       string         `json:"refresh"`
	Timezone      string         `json:"timezone"`
	Time          struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"time"`
	Annotations struct {
		List []annotation `json:"list"`
	} `json:"annotations"`
	Links      []link `json:"links"`
	Templating struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`

	// all is the whole file once more, for what may stand anywhere in it.
	all map[string]any
}

type (
	datasource struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	annotation struct {
		Name       string      `json:"name"`
		Datasource *datasource `json:"datasource"`
		Enable     bool        `json:"enable"`
		Hide       bool        `json:"hide"`
		IconColor  string      `json:"iconColor"`
		Expr       string      `json:"expr"`
		TitleText  string      `json:"titleFormat"`
		TagKeys    string      `json:"tagKeys"`
		Text       string      `json:"textFormat"`
		Step       string      `json:"step"`
		BuiltIn    int         `json:"builtIn"`
		Type       string      `json:"type"`
	}
	link struct {
		Type        string   `json:"type"`
		Title       string   `json:"title"`
		Tags        []string `json:"tags"`
		URL         string   `json:"url"`
		Icon        string   `json:"icon"`
		Tooltip     string   `json:"tooltip"`
		AsDropdown  bool     `json:"asDropdown"`
		IncludeVars bool     `json:"includeVars"`
		KeepTime    bool     `json:"keepTime"`
		TargetBlank bool     `json:"targetBlank"`
	}
	variable struct {
		Name             string         `json:"name"`
		Label            string         `json:"label"`
		Description      string         `json:"description"`
		Type             string         `json:"type"`
		Datasource       *datasource    `json:"datasource"`
		Query            jsontext.Value `json:"query"`
		Definition       string         `json:"definition"`
		Regex            string         `json:"regex"`
		Refresh          int            `json:"refresh"`
		Sort             int            `json:"sort"`
		Hide             int            `json:"hide"`
		Multi            bool           `json:"multi"`
		IncludeAll       bool           `json:"includeAll"`
		AllValue         *string        `json:"allValue"`
		AllowCustomValue bool           `json:"allowCustomValue"`
		SkipURLSync      bool           `json:"skipUrlSync"`
		Current          jsontext.Value `json:"current"`
		Options          jsontext.Value `json:"options"`
	}
	panel struct {
		ID              int              `json:"id"`
		Type            string           `json:"type"`
		Title           string           `json:"title"`
		Description     string           `json:"description"`
		Datasource      *datasource      `json:"datasource"`
		GridPos         gridPos          `json:"gridPos"`
		Targets         []query          `json:"targets"`
		FieldConfig     fieldConfig      `json:"fieldConfig"`
		Options         object           `json:"options"`
		Transformations []transformation `json:"transformations"`
		Links           []link           `json:"links"`
		Interval        string           `json:"interval"`
		MaxDataPoints   int              `json:"maxDataPoints"`
		TimeFrom        string           `json:"timeFrom"`
		TimeShift       string           `json:"timeShift"`
		HideTime        bool             `json:"hideTimeOverride"`
		Transparent     bool             `json:"transparent"`
		Collapsed       bool             `json:"collapsed"`
		Panels          []panel          `json:"panels"`
	}
	gridPos struct {
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	}
	query struct {
		RefID        string      `json:"refId"`
		Datasource   *datasource `json:"datasource"`
		Expr         string      `json:"expr"`
		LegendFormat string      `json:"legendFormat"`
		Format       string      `json:"format"`
		Interval     string      `json:"interval"`
		Instant      bool        `json:"instant"`
		Range        bool        `json:"range"`
		Exemplar     bool        `json:"exemplar"`
		Hide         bool        `json:"hide"`
		EditorMode   string      `json:"editorMode"`
	}
	fieldConfig struct {
		Defaults  fieldDefaults `json:"defaults"`
		Overrides []override    `json:"overrides"`
	}
	fieldDefaults struct {
		Unit        string         `json:"unit"`
		Decimals    *float64       `json:"decimals"`
		Min         *float64       `json:"min"`
		Max         *float64       `json:"max"`
		NoValue     string         `json:"noValue"`
		DisplayName string         `json:"displayName"`
		Description string         `json:"description"`
		Color       jsontext.Value `json:"color"`
		Thresholds  *thresholds    `json:"thresholds"`
		Mappings    jsontext.Value `json:"mappings"`
		Links       jsontext.Value `json:"links"`
		Custom      object         `json:"custom"`
	}
	thresholds struct {
		Mode  string `json:"mode"`
		Steps []struct {
			Color string   `json:"color"`
			Value *float64 `json:"value"`
		} `json:"steps"`
	}
	override struct {
		Matcher struct {
			ID      string         `json:"id"`
			Options jsontext.Value `json:"options"`
		} `json:"matcher"`
		Properties []struct {
			ID    string         `json:"id"`
			Value jsontext.Value `json:"value"`
		} `json:"properties"`
	}
	transformation struct {
		ID       string         `json:"id"`
		Options  jsontext.Value `json:"options"`
		Disabled bool           `json:"disabled"`
	}
	object map[string]jsontext.Value
)

// ReadDashboard reads a dashboard's file. A key that is not known, or there twice, is an
// error that says where.
func ReadDashboard(data []byte) (*Dashboard, error) {
	d := &Dashboard{}
	if err := json.Unmarshal(data, d, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("is no dashboard that Grafana would read as it is meant: %w", err)
	}
	if err := json.Unmarshal(data, &d.all); err != nil {
		return nil, fmt.Errorf("is no JSON: %w", err)
	}
	return d, nil
}

// everyPanel lists the panels, those of collapsed rows too.
func (d *Dashboard) everyPanel() []panel {
	var all []panel
	for _, p := range d.Panels {
		all = append(all, p)
		all = append(all, p.Panels...)
	}
	return all
}

// declares is whether there is a variable of this name.
func (d *Dashboard) declares(name string) bool {
	return slices.ContainsFunc(d.Templating.List, func(v variable) bool { return v.Name == name })
}

// eachString visits every string of a JSON value with the key it stands under; elements
// of a list stand under the list's key.
func eachString(key string, value any, visit func(key, text string)) {
	switch value := value.(type) {
	case string:
		visit(key, value)
	case []any:
		for _, element := range value {
			eachString(key, element, visit)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			eachString(name, value[name], visit)
		}
	}
}
