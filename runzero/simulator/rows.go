package simulator

// row is a record of which there are few. Its keys are sent in order, as those of the real API are (seen).
type row map[string]any

func (v *view) siteRows(o *org) []row {
	counts := v.counts(o)
	rows := make([]row, 0, len(o.sites))
	for i, s := range o.sites {
		if !s.exists.holds(v.now) {
			continue
		}
		r := row{
			"id": s.id, "organization_id": o.id, "created_at": s.createdAt, "updated_at": max(s.createdAt, v.observe(s).observed), "name": s.name,
			"description": "PLANTED description", "scope": "10.66.6.66/32", "excludes": "10.66.6.66",
			"subnets": row{"10.66.6.66/32": row{"tags": row{"PLANTED-location": "PLANTED"}, "description": "PLANTED description"}},
		}
		counts[i].setFields(r)
		rows = append(rows, r)
	}
	return rows
}

func (v *view) orgRow(o *org) row {
	deactivated := int64(0)
	if o.inactive {
		deactivated = v.c.anchor - 90*day
	}
	r := row{
		"id": o.id, "client_id": v.c.clientID, "created_at": v.c.createdAt, "created_by": "PLANTED.founder@example.com", "updated_at": v.c.anchor - 3*day,
		"name": o.name, "description": "PLANTED description", "demo": o.demo, "project": o.project, "parent_id": zeroUUID, "inactive": o.inactive, "deactivated_at": deactivated,
		"expiration_assets_stale": staleDays, "expiration_assets_offline": staleDays, "expiration_scans": 365,
		"expiration_integration_attributes": 365, "expiration_vulnerabilities": 365, "expiration_warning_last_sent": 0, "keep_latest_integration_attributes": true,
		"download_token": "DTPLANTED" + o.key.sub(drawToken).hex(25), "download_token_created_at": v.c.createdAt,
		"export_token": "ETPLANTED" + o.key.sub(drawToken).sub(1).hex(25), "export_token_created_at": v.c.createdAt,
		"export_token_last_used_at": 0, "export_token_last_used_by": "PLANTED.user@example.com", "export_token_counter": 0,
	}
	sum := v.total(o)
	sum.setFields(r)
	return r
}

func (v *view) licenseRow() row {
	var live, project int64
	for _, o := range v.c.exist(v.now) {
		switch {
		case o.demo || o.inactive:
		case o.project:
			project += v.total(o)[0]
		default:
			live += v.total(o)[1]
		}
	}
	limit := int64(v.c.opts.Limit)
	if limit < 0 {
		limit = 1000000
	}
	year := floorDiv(v.now-v.c.createdAt, 365*day)
	from, to := v.c.createdAt+year*365*day, v.c.createdAt+(year+1)*365*day
	if end, ends := v.c.licenseEnds(); ends {
		from, to = end-365*day, end
	}
	return row{
		"id": v.c.seed.sub(drawUser).uuid(), "created_at": v.c.createdAt, "updated_at": from, "name": "PLANTED company", "activated_at": v.c.createdAt,
		"license_type": v.c.opts.Tier.String(), "license_expiration": to, "license_max_assets": limit,
		"license_live_asset_count": live, "license_project_asset_count": project, "via_reseller": false,
		"phone": "PLANTED-555-0100", "address_street": "PLANTED street 1", "address_country": "PLANTED country", "address_city": "PLANTED city",
		"address_region": "PLANTED region", "address_postal": "PLANTED 78700",
		"subscription_period_start": from, "subscription_period_end": to, "subscription_cancel_at": 0, "subscription_canceled_at": 0,
		"settings": row{}, "partner": "PLANTED partner", "sso_type": "saml20", "sso_domain": "PLANTED.example.com", "sso_mode": "optional", "sso_login_message": "PLANTED-message",
	}
}

func (v *view) keyRow(o *org, u Usage) row {
	return row{
		"id": o.key.sub(drawToken).sub(2).uuid(), "client_id": v.c.clientID, "organization_id": o.id, "created_at": v.c.createdAt, "created_by": "PLANTED.admin@example.com",
		"comment": "PLANTED comment", "last_used_at": v.now, "last_used_ip": "10.66.6.66", "last_used_ua": "PLANTED-agent",
		"counter": u.Total, "usage_today": u.Today, "usage_limit": u.Limit, "token": "OTPLANTED" + o.key.sub(drawToken).sub(3).hex(25),
		"inactive": false, "type": "org",
	}
}
