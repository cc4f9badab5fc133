package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestServersWithACertificateAreReachedEncryptedOnly(t *testing.T) {
	t.Parallel()
	at := toygres.Endpoint{Host: "db.example.com", Port: 5432}
	plain := connection(at, toygres.Credentials{User: "postgres", Database: "postgres"})
	require.Equal(t, "disable", plain.Sslmode)
	require.Nil(t, plain.CaCertificate)
	require.Equal(t, "postgres://postgres@db.example.com:5432/postgres?sslmode=disable", plain.Url)

	encrypted := connection(at, toygres.Credentials{User: "postgres", Password: "p@ss", Database: "postgres", CA: "PEM"})
	require.Equal(t, "require", encrypted.Sslmode)
	require.Equal(t, "PEM", *encrypted.CaCertificate)
	require.Equal(t, "postgres://postgres:p%40ss@db.example.com:5432/postgres?sslmode=require", encrypted.Url)
}
