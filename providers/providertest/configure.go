package providertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

// reload waits until the configuration is in the server's files, makes it read
// them, and waits until it has it.
func (w *world) reload(id toygres.InstanceID, c toygres.Configuration) {
	w.Helper()
	conn := w.connect(id)
	mark := "'" + toygres.ConfigurationMark + "'"
	is := func(query string) func() bool {
		return func() bool { return w.text(conn, query) == c.Mark() }
	}
	require.Eventually(w, is(`SELECT coalesce((SELECT setting FROM pg_file_settings WHERE name = `+mark+` ORDER BY seqno DESC LIMIT 1), '')`),
		patience, 50*time.Millisecond, "the server's files do not change")
	w.exec(conn, `SELECT pg_reload_conf()`)
	require.Eventually(w, is(`SELECT current_setting(`+mark+`)`), patience, 10*time.Millisecond, "the server does not take up its files")
}

func aConfigurationIsTakenUpByAReload(t *testing.T, w *world) {
	id := w.provision()
	before, start := w.observe(id), w.startOf(id)
	was := w.text(w.connect(id), `SHOW work_mem`)
	const path = `"$user", "a'b\c"`
	c := toygres.Configuration{
		Parameters:   map[string]string{"work_mem": "9MB", "search_path": path, "max_connections": "33"},
		AllowedCIDRs: []string{"0.0.0.0/0", "192.0.2.0/24"},
	}
	for range 2 {
		require.NoError(t, w.p.Configure(w.ctx, id, c))
		w.reload(id, c)
	}
	conn := w.connect(id)
	require.Equal(t, "9MB", w.text(conn, `SHOW work_mem`))
	require.Equal(t, path, w.text(conn, `SHOW search_path`))
	require.Equal(t, "t", w.text(conn, `SELECT pending_restart::text::char FROM pg_settings WHERE name = 'max_connections'`))
	require.Equal(t, "2", w.text(conn, `SELECT count(*)::text FROM pg_hba_file_rules WHERE address = '192.0.2.0' AND error IS NULL`))
	require.Equal(t, start, w.startOf(id), "the server was restarted")
	require.Equal(t, before, w.observe(id))

	// The rest comes with a restart, and none of it goes with one.
	require.NoError(t, w.p.Restart(w.ctx, id, "for its configuration"))
	w.await(id, toygres.PhaseReady)
	conn = w.connect(id)
	require.Equal(t, "33", w.text(conn, `SHOW max_connections`))
	require.Equal(t, "9MB", w.text(conn, `SHOW work_mem`))

	require.NoError(t, w.p.Configure(w.ctx, id, toygres.Configuration{}))
	w.reload(id, toygres.Configuration{})
	require.Equal(t, was, w.text(w.connect(id), `SHOW work_mem`))
}

func configureLeavesAStoppedInstanceStopped(t *testing.T, w *world) {
	id := w.provision()
	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Configure(w.ctx, id, toygres.Configuration{Parameters: map[string]string{"max_connections": "44"}}))
	require.Equal(t, toygres.PhaseStopped, w.observe(id).Phase)
	require.NoError(t, w.p.Start(w.ctx, id))
	w.await(id, toygres.PhaseReady)
	require.Equal(t, "44", w.text(w.connect(id), `SHOW max_connections`))
}
