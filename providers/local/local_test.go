package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
)

func TestEveryInstalledMajorRuns(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	offer, err := p.Offer(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{18, 17, 16, 15}, offer.Versions)
	for _, version := range offer.Versions {
		id, spec := newInstance(version)
		require.NoError(t, p.Provision(t.Context(), id, spec))
		await(t, p, id, toygres.PhaseReady)
		var major int
		require.NoError(t, connect(t, p, id).QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int / 10000").Scan(&major))
		require.Equal(t, version, major)
		var locale, checksums, collation string
		require.NoError(t, connect(t, p, id).QueryRow(t.Context(),
			"SELECT current_setting('timezone'), current_setting('data_checksums'), datcollate FROM pg_database WHERE datname = 'postgres'").Scan(&locale, &checksums, &collation))
		require.Equal(t, "on", checksums)
		require.Contains(t, []string{"C.UTF-8", "C"}, collation)
	}
}

func TestMachinesWithoutTheLocaleGetC(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	config := newConfig(t, dir)
	genuine, prefix := config.Prefixes[0], filepath.Join(dir, "pg")
	require.NoError(t, os.MkdirAll(filepath.Join(prefix, "bin"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(genuine, "lib"), filepath.Join(prefix, "lib")))
	require.NoError(t, os.Symlink(filepath.Join(genuine, "bin/postgres"), filepath.Join(prefix, "bin/postgres")))
	script := "#!/bin/sh\ncase \"$*\" in *--locale=C.UTF-8*) echo 'initdb: error: invalid locale name' >&2; exit 1;; esac\nexec " + genuine + "/bin/initdb \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(prefix, "bin/initdb"), []byte(script), 0o755))
	config.Prefixes = []string{prefix}
	p := newProvider(t, config)
	var collation, encoding string
	require.NoError(t, connect(t, p, provision(t, p)).QueryRow(t.Context(),
		"SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'postgres'").Scan(&collation, &encoding))
	require.Equal(t, "C", collation)
	require.Equal(t, "UTF8", encoding)
}

func TestInitdbsComplaintIsTheMessage(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	config := newConfig(t, dir)
	prefix := brokenInstallation(t, dir, config.Prefixes[0], "")
	require.NoError(t, os.Remove(filepath.Join(prefix, "bin/initdb")))
	require.NoError(t, os.WriteFile(filepath.Join(prefix, "bin/initdb"), []byte("#!/bin/sh\necho running >&2\necho 'initdb: error: it is too late' >&2\nexit 1\n"), 0o755))
	config.Prefixes = []string{prefix}
	p := newProvider(t, config)
	id, spec := newInstance(18)
	err := p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeProvider, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), "it is too late")
	require.False(t, directoryOf(p, id).initialised())
	require.NoError(t, p.Delete(t.Context(), id))
}

// Debian's PostgreSQL, say, is laid out otherwise than the one in the cache.
func TestInstalledServersAreFound(t *testing.T) {
	t.Parallel()
	prefixes := FindPrefixes()
	if len(prefixes) == 0 {
		t.Skip("no PostgreSQL is installed in a well-known place of this machine")
	}
	config := newConfig(t, newDir(t))
	config.Prefixes = nil
	p := newProvider(t, config)
	require.Len(t, p.installations, len(prefixes))
	if versions := p.versions(); len(versions) > 0 {
		id, spec := newInstance(versions[0])
		require.NoError(t, p.Provision(t.Context(), id, spec))
		await(t, p, id, toygres.PhaseReady)
		connect(t, p, id)
	}
}

func TestMissingBinariesAreNamed(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	config := newConfig(t, dir)
	genuine := config.Prefixes[0]

	config.Prefixes = []string{filepath.Join(dir, "nowhere")}
	_, err := New(config)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), filepath.Join(dir, "nowhere/bin/postgres"))

	config.Prefixes = []string{genuine}
	p := newProvider(t, config)
	id, spec := newInstance(16)
	err = p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	for _, words := range []string{"PostgreSQL 16", "there is 18", "postgresql-16", "TOYGRES_LOCAL_POSTGRES"} {
		require.Contains(t, toygres.MessageOf(err), words)
	}

	// One that goes away while we run.
	moving := filepath.Join(dir, "moving")
	require.NoError(t, os.Symlink(genuine, moving))
	config.Prefixes = []string{moving}
	p = newProvider(t, config)
	require.NoError(t, os.Remove(moving))
	id, spec = newInstance(18)
	err = p.Provision(t.Context(), id, spec)
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
	require.Contains(t, toygres.MessageOf(err), moving)
	require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)
}

// The path of a Unix-domain socket may have 107 bytes; ours may have more.
func TestLongDirectoriesWork(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	long := filepath.Join(dir, strings.Repeat("long/", 30))
	require.NoError(t, os.MkdirAll(long, 0o755))
	p := newProvider(t, newConfig(t, filepath.Join(long, "with space, 'quote' and =")))
	connect(t, p, provision(t, p))
}

func TestTwoProvidersOverOneDirectoryAgree(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	a, b := newProvider(t, config), newProvider(t, config)
	id := provision(t, a)
	require.Equal(t, observe(t, a, id), await(t, b, id, toygres.PhaseReady))
	require.NoError(t, b.Stop(t.Context(), id))
	await(t, a, id, toygres.PhaseStopped)
	require.NoError(t, a.Start(t.Context(), id))
	await(t, b, id, toygres.PhaseReady)
	require.NoError(t, b.Delete(t.Context(), id))
	await(t, a, id, toygres.PhaseAbsent)
}

func TestAnIDKeepsItsSpec(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id, spec := newInstance(18)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	spec.StorageGiB++
	require.Equal(t, toygres.CodeConflict, toygres.CodeOf(p.Provision(t.Context(), id, spec)))
}

func TestAFileThatIsTooLargeIsRefusedAndNotCut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), specFile)
	content := strings.Repeat(" ", smallFile)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	b, err := readSmall(path)
	require.NoError(t, err)
	require.Len(t, b, smallFile)
	require.NoError(t, os.WriteFile(path, []byte(content+" "), 0o600))
	_, err = readSmall(path)
	require.ErrorContains(t, err, path)
}

func TestDamagedRecordsAreShownAndNeverOverwritten(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"no JSON":          "{",
		"a later format":   `{"format": 2}`,
		"another instance": `{"format": 1, "id": "0", "wants": "running"}`,
		"no wish":          `{"format": 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, newConfig(t, newDir(t)))
			id, spec := newInstance(18)
			d := directoryOf(p, id)
			require.NoError(t, os.Mkdir(d.path, 0o755))
			require.NoError(t, os.WriteFile(d.file(specFile), []byte(content), 0o600))
			keep(t, p)
			require.Equal(t, toygres.PhaseFailed, observe(t, p, id).Phase)
			require.Contains(t, observe(t, p, id).Message, specFile)
			require.Equal(t, toygres.CodeProvider, toygres.CodeOf(p.Provision(t.Context(), id, spec)))
			require.Equal(t, toygres.CodeProvider, toygres.CodeOf(p.Start(t.Context(), id)))
			require.Equal(t, toygres.CodeProvider, toygres.CodeOf(p.Stop(t.Context(), id)))
			left, err := os.ReadFile(d.file(specFile))
			require.NoError(t, err)
			require.Equal(t, content, string(left))
			require.NoError(t, p.Delete(t.Context(), id))
			require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)
		})
	}
}

// Data without a record may be all that somebody has left: only Delete, which
// somebody asks for, removes it.
func TestDataWithoutARecordIsOnlyRemovedByDelete(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, p.Stop(t.Context(), id))
	await(t, p, id, toygres.PhaseStopped)
	require.NoError(t, os.Remove(d.file(specFile)))
	keep(t, p)
	_, spec := newInstance(18)
	require.Error(t, p.Provision(t.Context(), id, spec))
	require.Equal(t, toygres.PhaseFailed, observe(t, p, id).Phase)
	require.True(t, d.initialised())
	ids, err := p.List(t.Context())
	require.NoError(t, err)
	require.Contains(t, ids, id)
	require.NoError(t, p.Delete(t.Context(), id))
	require.Equal(t, toygres.PhaseAbsent, observe(t, p, id).Phase)
}

func TestStrangeFilesAreNoInstances(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	for _, name := range []string{"notes", "lost+found", ".hidden", "00000000-0000-0000-0000-00000000000G"} {
		require.NoError(t, os.Mkdir(filepath.Join(p.config.Dir, name), 0o755))
	}
	ids, err := p.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, ids)
}

func TestConfigurationThatCantWorkIsRefused(t *testing.T) {
	t.Parallel()
	good := newConfig(t, newDir(t))
	for name, spoil := range map[string]func(*Config){
		"relative directory": func(c *Config) { c.Dir = "instances" },
		"no ports":           func(c *Config) { c.FirstPort, c.LastPort = 2000, 1000 },
		"too high ports":     func(c *Config) { c.LastPort = 70000 },
		"any address":        func(c *Config) { c.Host = "0.0.0.0" },
		"any IPv6 address":   func(c *Config) { c.Host = "::" },
	} {
		c := good
		spoil(&c)
		_, err := New(c)
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "%s: %v", name, err)
	}
}

func TestParsePorts(t *testing.T) {
	t.Parallel()
	first, last, err := ParsePorts("15500-16499")
	require.NoError(t, err)
	require.Equal(t, [2]int{15500, 16499}, [2]int{first, last})
	first, last, err = ParsePorts(" 5432 ")
	require.NoError(t, err)
	require.Equal(t, [2]int{5432, 5432}, [2]int{first, last})
	for _, bad := range []string{"", "-", "a-b", "1-", "-1", "2-1", "0-5", "1-65536", "1-2-3", "1.5"} {
		_, _, err := ParsePorts(bad)
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "%q", bad)
	}
}

func TestParsePrefixes(t *testing.T) {
	t.Parallel()
	known := postgrestest.Prefixes(t)
	got, err := ParsePrefixes(strings.Join(known, ":") + ":")
	require.NoError(t, err)
	require.Equal(t, known, got)
	got, err = ParsePrefixes("")
	require.NoError(t, err)
	require.Empty(t, got)
	for _, bad := range []string{"relative", "/nowhere", "/usr"} {
		_, err := ParsePrefixes(bad)
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), bad)
		require.Contains(t, toygres.MessageOf(err), bad)
	}
}

func TestLastWordsAreTheServersNotAClients(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"": "",
		"2026-01-01 00:00:00.000 UTC [7] postmaster LOG:  starting\n": "2026-01-01 00:00:00.000 UTC [7] postmaster LOG:  starting",
		"2026-01-01 [7] postmaster FATAL:  bad setting\n2026-01-01 [8] client backend FATAL:  password authentication failed\n" +
			"2026-01-01 [9] dead-end client backend FATAL:  the database system is starting up\n2026-01-01 [7] postmaster LOG:  shut down\n": "bad setting",
		"x [7] startup PANIC:  could not locate a valid checkpoint record\n":    "could not locate a valid checkpoint record",
		"postgres: error while loading shared libraries: \x1b[31mlibx\x00.so\n": "postgres: error while loading shared libraries: [31mlibx.so",
	} {
		require.Equal(t, want, lastWords([]byte(log)))
	}
}

func TestLongLogsAreTrimmedWhileTheServerWrites(t *testing.T) {
	t.Parallel()
	p := newProvider(t, newConfig(t, newDir(t)))
	id := provision(t, p)
	d := directoryOf(p, id)
	require.NoError(t, os.Truncate(d.logFile(), maxLog+1))
	require.NoError(t, d.trimLog())
	info, err := os.Stat(d.logFile() + ".1")
	require.NoError(t, err)
	require.EqualValues(t, maxLog, info.Size())
	_, err = connect(t, p, id).Exec(t.Context(), "DO $$ BEGIN RAISE LOG 'after the trim'; END $$")
	require.NoError(t, err)
	log, err := os.ReadFile(d.logFile())
	require.NoError(t, err)
	require.Contains(t, string(log), "after the trim")
	require.Less(t, len(log), 10000)
}

func TestSettingsFitTheInstance(t *testing.T) {
	t.Parallel()
	small := settings(newRecord("", toygres.Spec{Name: "small", Version: 18, CPUMillis: 100, MemoryMiB: 128, StorageGiB: 1}, 0))
	require.Contains(t, small, "shared_buffers = '32MB'")
	require.Contains(t, small, "max_connections = 25\n")
	require.Contains(t, small, "max_wal_size = '160MB'")
	large := settings(newRecord("", toygres.Spec{Name: "large", Version: 18, CPUMillis: 64000, MemoryMiB: 1 << 20, StorageGiB: 1000}, 0))
	require.Contains(t, large, "shared_buffers = '8192MB'")
	require.Contains(t, large, "max_connections = 500\n")
	require.Contains(t, large, "max_parallel_workers = 64\n")
}
