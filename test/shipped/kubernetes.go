package shipped

import (
	"fmt"
	"slices"
)

// kubernetes checks that manifests fit together: what is mounted is there, ports that
// are called by name have it, and selectors find something.
func kubernetes(manifests []mapping) []string {
	var f findings
	for _, m := range manifests {
		where := fmt.Sprintf("%v %v", m["kind"], get(m, "metadata", "name"))
		switch m["kind"] {
		case "Deployment":
			f.at(where, deployment(m))
			for _, volume := range elements(get(m, "spec", "template", "spec", "volumes")) {
				if name := get(volume, "persistentVolumeClaim", "claimName"); name != nil && !claimed(manifests, name) {
					f.add("%s: there is no PersistentVolumeClaim %v", where, name)
				}
			}
		case "Service":
			pods := matching(manifests, get(m, "spec", "selector"), "spec", "template", "metadata", "labels")
			if len(pods) == 0 {
				f.add("%s: selects no pods", where)
			}
			for _, port := range elements(get(m, "spec", "ports")) {
				if name, _ := port["targetPort"].(string); name != "" && !offered(pods, name) {
					f.add("%s: no pod has the port %s", where, name)
				}
			}
		case "ServiceMonitor":
			services := matching(manifests, get(m, "spec", "selector", "matchLabels"), "metadata", "labels")
			for _, endpoint := range elements(get(m, "spec", "endpoints")) {
				if !served(services, fmt.Sprint(endpoint["port"])) {
					f.add("%s: no Service that it selects has the port %v", where, endpoint["port"])
				}
			}
		}
	}
	return f
}

// deployment checks the pods that it makes.
func deployment(m mapping) []string {
	var f findings
	if !subset(get(m, "spec", "selector", "matchLabels"), get(m, "spec", "template", "metadata", "labels")) {
		f.add("does not select its own pods")
	}
	volumes := set{}
	for _, volume := range elements(get(m, "spec", "template", "spec", "volumes")) {
		volumes[fmt.Sprint(volume["name"])] = true
	}
	for _, c := range elements(get(m, "spec", "template", "spec", "containers")) {
		for _, mount := range elements(c["volumeMounts"]) {
			if name := fmt.Sprint(mount["name"]); !volumes[name] {
				f.add("mounts the volume %s, which it does not have", name)
			}
		}
		for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
			if name, _ := get(c, probe, "httpGet", "port").(string); name != "" && !hasPort(c, name) {
				f.add("%s asks the port %s, which it does not have", probe, name)
			}
		}
		if image, _ := c["image"].(string); !pinned(image) {
			f.add("the image %q has no version", image)
		}
	}
	return f
}

// get follows names into mappings; nil where there is nothing.
func get(value any, names ...string) any {
	for _, name := range names {
		fields, _ := value.(mapping)
		value = fields[name]
	}
	return value
}

func elements(value any) []mapping {
	var all []mapping
	list, _ := value.([]any)
	for _, element := range list {
		if fields, ok := element.(mapping); ok {
			all = append(all, fields)
		}
	}
	return all
}

// matching are the manifests that have the wanted labels in some place.
func matching(manifests []mapping, wanted any, place ...string) []mapping {
	var found []mapping
	for _, m := range manifests {
		if subset(wanted, get(m, place...)) {
			found = append(found, m)
		}
	}
	return found
}

// subset is whether there are labels that are wanted, and all of them.
func subset(wanted, labels any) bool {
	want, _ := wanted.(mapping)
	have, _ := labels.(mapping)
	for name, value := range want {
		if have[name] != value {
			return false
		}
	}
	return len(want) > 0
}

func claimed(manifests []mapping, name any) bool {
	return slices.ContainsFunc(manifests, func(m mapping) bool {
		return m["kind"] == "PersistentVolumeClaim" && get(m, "metadata", "name") == name
	})
}

func offered(pods []mapping, port string) bool {
	for _, pod := range pods {
		for _, c := range elements(get(pod, "spec", "template", "spec", "containers")) {
			if hasPort(c, port) {
				return true
			}
		}
	}
	return false
}

func hasPort(container mapping, port string) bool {
	return slices.ContainsFunc(elements(container["ports"]), func(p mapping) bool { return p["name"] == port })
}

func served(services []mapping, port string) bool {
	for _, s := range services {
		for _, p := range elements(get(s, "spec", "ports")) {
			if s["kind"] == "Service" && p["name"] == port {
				return true
			}
		}
	}
	return false
}
