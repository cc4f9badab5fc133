package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpdateChangesWhatIsSaid(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	s.find("demo").Tags["old"] = "x"
	u := signedInTo(t, s)
	r := u.run("update", "demo", "--tag", "team=db", "--tag", "expr=a=b,c", "--untag", "old", "--description", "of the shop", "--protect", "--no-monitor")
	require.Zero(t, r.code, r.err)
	require.Equal(t, "demo is as asked\n", r.out)
	i := s.find("demo")
	require.Equal(t, map[string]string{"team": "db", "expr": "a=b,c"}, i.Tags)
	require.Equal(t, "of the shop", *i.Description)
	require.True(t, i.DeletionProtection)
	require.False(t, i.Monitored)

	require.Zero(t, u.run("update", "demo", "--unprotect").code)
	require.False(t, s.find("demo").DeletionProtection)
	require.Equal(t, "of the shop", *s.find("demo").Description, "what is not said stays")

	r = u.run("get", "demo")
	require.Regexp(t, `Tags +expr=a=b,c, team=db\n`, r.out)
	require.Regexp(t, `Monitoring +off\n`, r.out)
	require.NotContains(t, r.out, "protection")
}

func TestRenameChangesTheDisplayNameAlone(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	r := u.run("rename", "demo", "Orders, production")
	require.Zero(t, r.code, r.err)
	require.Equal(t, "Orders, production", *s.find("demo").DisplayName)
	require.Regexp(t, `Name +demo\nDisplay name +Orders, production\n`, u.run("get", "demo").out)
}

func TestUpdateSaysWhatIsWrongWithItsFlags(t *testing.T) {
	t.Parallel()
	u := signedInTo(t, newFakeServer(t))
	for _, wrong := range []string{"update demo", "update", "update demo --tag a", "update demo --tag =b", "update demo --tag a=b --untag a", "update demo --set a", "update demo --set a=b --reset a", "update demo --tag a=b --dry-run --plan x",
		"update demo --protect --unprotect", "update demo --monitor --no-monitor", "rename demo", "rename"} {
		r := u.run(strings.Fields(wrong)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", wrong, r.err)
	}
}

func TestUpdateSetsAndResetsParametersAndNetworks(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	s.find("demo").Parameters["jit"] = "off"
	u := signedInTo(t, s)
	r := u.run("update", "demo", "--set", "work_mem=64MB", "--set", `search_path="$user", x=y`, "--reset", "jit", "--allow-cidr", "10.0.0.0/8,192.0.2.0/24")
	require.Zero(t, r.code, r.err)
	require.Contains(t, r.out, "Updating demo, operation ")
	i := s.find("demo")
	require.Equal(t, map[string]string{"work_mem": "64MB", "search_path": `"$user", x=y`}, i.Parameters)
	require.Equal(t, []string{"10.0.0.0/8", "192.0.2.0/24"}, i.AllowedCidrs)
	require.Zero(t, u.run("update", "demo", "--allow-cidr", "").code)
	require.Empty(t, s.find("demo").AllowedCidrs)

	r = u.run("parameters", "demo")
	require.Regexp(t, `work_mem +64MB +4MB +reload\n`, r.out)
	require.NotContains(t, r.out, "port")
	require.Regexp(t, `port +- +4MB +can't be set: Toygres manages`, u.run("parameters", "demo", "--search", "PORT").out)
	require.Contains(t, u.run("parameters", "demo", "--all").out, "work_mem")
}

func TestADryRunSaysWhatWouldBeDoneAndItsPlanDoesIt(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.instances = append(s.instances, testInstance("demo"))
	u := signedInTo(t, s)
	r := u.run("update", "demo", "--set", "work_mem=64MB", "--dry-run")
	require.Zero(t, r.code, r.err)
	require.Regexp(t, `parameters.work_mem +- +64MB +reload\n`, r.out)
	require.Regexp(t, `Steps +configure, reload, record settings\n`, r.out)
	require.Regexp(t, `Fingerprint +0a1b\n`, r.out)
	require.Empty(t, s.find("demo").Parameters)
	require.NotZero(t, u.run("update", "demo", "--set", "work_mem=64MB", "--plan", "another").code)
	require.Zero(t, u.run("update", "demo", "--set", "work_mem=64MB", "--plan", "0a1b").code)
	require.Equal(t, "64MB", s.find("demo").Parameters["work_mem"])
}

func TestADryRunOfACreateMakesNothing(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	u := signedInTo(t, s)
	r := u.run("create", "demo", "--dry-run")
	require.Zero(t, r.code, r.err)
	require.Regexp(t, `Steps +provision, mark running\n`, r.out)
	require.Empty(t, s.instances)
	require.NotZero(t, u.run("create", "demo", "--dry-run", "--wait").code)
	require.NotZero(t, u.run("create", "demo", "--tag", "team").code)
	require.Zero(t, u.run("create", "demo", "--tag", "team=shop", "--tag", "env=prod", "--description", "Orders", "--protect").code)
	created := s.find("demo")
	require.Equal(t, map[string]string{"team": "shop", "env": "prod"}, created.Tags)
	require.Equal(t, "Orders", *created.Description)
	require.True(t, created.DeletionProtection)
}
