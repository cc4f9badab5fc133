package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/toygres/toygres/dev/kubernetestest"
	"github.com/toygres/toygres/dev/stack/postgres"
)

// TestThePostgresImageDoesWhatTheOfficialOneDoes starts a server of each version, as root and as a user that its image does not know.
func TestThePostgresImageDoesWhatTheOfficialOneDoes(t *testing.T) {
	k := kubernetestest.Cluster(t)
	namespace := createNamespace(t, k)
	_, err := k.Client.CoreV1().ConfigMaps(namespace).Create(t.Context(), &core.ConfigMap{
		ObjectMeta: meta.ObjectMeta{Name: "init"},
		Data: map[string]string{
			"1.sql": "CREATE TABLE steps (step text);",
			"2.sh":  `psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO steps VALUES ('script')"`,
			"3.sql": "INSERT INTO steps VALUES (current_user || ' in ' || current_database());",
		},
	}, meta.CreateOptions{})
	require.NoError(t, err)
	_, err = k.Client.CoreV1().Secrets(namespace).Create(t.Context(), &core.Secret{
		ObjectMeta: meta.ObjectMeta{Name: "password"}, StringData: map[string]string{"password": password},
	}, meta.CreateOptions{})
	require.NoError(t, err)

	for _, major := range postgres.Majors() {
		for user, security := range map[string]*core.PodSecurityContext{
			"root":     nil,
			"stranger": {RunAsUser: new(int64(1234567)), RunAsGroup: new(int64(1234567)), FSGroup: new(int64(1234567))},
		} {
			t.Run(fmt.Sprintf("%d as %s", major, user), func(t *testing.T) {
				require.NoError(t, k.ImportPostgres(t.Context(), major))
				name := fmt.Sprintf("pg%d-%s", major, user)
				_, err := k.Client.CoreV1().Pods(namespace).Create(t.Context(), &core.Pod{
					ObjectMeta: meta.ObjectMeta{Name: name},
					Spec: core.PodSpec{
						SecurityContext: security,
						Containers: []core.Container{{
							Name: "postgres", Image: fmt.Sprintf("postgres:%d", major), Args: []string{"-c", "max_connections=33"},
							Env: []core.EnvVar{
								{Name: "POSTGRES_PASSWORD_FILE", Value: "/secret/password"}, {Name: "POSTGRES_USER", Value: "bob"},
								{Name: "PGDATA", Value: "/volume/data"}, {Name: "POSTGRES_DB", Value: `a "strange" name`}, {Name: "POSTGRES_INITDB_ARGS", Value: "--data-checksums --wal-segsize=32"},
							},
							VolumeMounts:   []core.VolumeMount{{Name: "volume", MountPath: "/volume"}, {Name: "init", MountPath: "/docker-entrypoint-initdb.d"}, {Name: "password", MountPath: "/secret"}},
							ReadinessProbe: &core.Probe{PeriodSeconds: 1, ProbeHandler: core.ProbeHandler{Exec: &core.ExecAction{Command: []string{"pg_isready", "-h", "127.0.0.1", "-U", "bob"}}}},
						}},
						Volumes: []core.Volume{
							{Name: "volume", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}},
							{Name: "init", VolumeSource: core.VolumeSource{ConfigMap: &core.ConfigMapVolumeSource{LocalObjectReference: core.LocalObjectReference{Name: "init"}}}},
							{Name: "password", VolumeSource: core.VolumeSource{Secret: &core.SecretVolumeSource{SecretName: "password"}}},
						},
					},
				}, meta.CreateOptions{})
				require.NoError(t, err)
				pod := awaitPod(t, k, namespace, name, "")

				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				config, err := pgx.ParseConfig("sslmode=disable user=bob password=" + password + " host=" + pod.Status.PodIP)
				require.NoError(t, err)
				config.Database = `a "strange" name`
				conn, err := pgx.ConnectConfig(ctx, config)
				require.NoError(t, err)
				defer func() { _ = conn.Close(ctx) }()
				var version, connections, checksums, segments, steps, sockets string
				require.NoError(t, conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000 || '', current_setting('max_connections'),
					current_setting('data_checksums'), current_setting('wal_segment_size'), (SELECT string_agg(step, ', ') FROM steps),
					current_setting('unix_socket_directories')`).Scan(&version, &connections, &checksums, &segments, &steps, &sockets))
				require.Equal(t, fmt.Sprint(major), version)
				require.Equal(t, []string{"33", "on", "32MB", `script, bob in a "strange" name`, "/var/run/postgresql"}, []string{connections, checksums, segments, steps, sockets})

				config.Password = "wrong"
				_, err = pgx.ConnectConfig(ctx, config)
				require.ErrorContains(t, err, "28P01")
				require.NoError(t, k.Client.CoreV1().Pods(namespace).Delete(t.Context(), name, meta.DeleteOptions{}))
			})
		}
	}
}
