package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/toygres/toygres/services/api/server"
)

// settings are all that c and cc were read from, by name, without secrets.
func settings(c config, cc catalogConfig) ([]server.Setting, error) {
	var all []server.Setting
	for _, part := range []any{&c, &cc} {
		fields, err := env.GetFieldParamsWithOptions(part, env.Options{Prefix: prefix})
		if err != nil {
			return nil, fmt.Errorf("list the settings: %w", err)
		}
		for _, f := range fields {
			value, set := os.LookupEnv(f.Key)
			if !set || value == "" {
				value, set = f.DefaultValue, false
			}
			setting := server.Setting{Name: f.Key, Value: value, Default: !set}
			if value != "" && secret(f.Key, value) {
				setting.Value, setting.Secret = "", true
			}
			all = append(all, setting)
		}
	}
	slices.SortFunc(all, func(a, b server.Setting) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// secret reports whether a setting is not to be shown. Files are named, and their
// contents are not.
func secret(name, value string) bool {
	if strings.HasSuffix(name, "_FILE") {
		return false
	}
	if u, err := url.Parse(value); name == prefix+"CATALOG_URL" || err == nil && u.User != nil {
		return true
	}
	return slices.ContainsFunc([]string{"PASSWORD", "SECRET", "TOKEN", "KEY"}, func(word string) bool { return strings.Contains(name, word) })
}
