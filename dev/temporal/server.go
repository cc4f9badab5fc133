package main

import (
	"fmt"
	"net"
	"strconv"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"

	uiconfig "github.com/temporalio/ui-server/v2/server/config"

	ui "github.com/temporalio/ui-server/v2/server"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

const loopback = "127.0.0.1"

// newServer puts all of Temporal's services into this process. The hosts are fixed, so there is no membership protocol
// to wait for; the services' own ports are chosen free, so that several servers can run side by side.
func newServer(o options, store config.DataStore, logger log.Logger) (temporal.Server, error) {
	hosts := map[primitives.ServiceName]static.Hosts{}
	services := map[string]config.Service{}
	for _, name := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService,
		primitives.MatchingService, primitives.WorkerService} {
		ip, port := o.listen, o.port
		if name != primitives.FrontendService {
			var err error
			if port, err = freePort(); err != nil {
				return nil, err
			}
			ip = loopback
		}
		hosts[name] = static.SingleLocalHost(address(ip, port))
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
	}

	const cell, storeName = "active", "store"
	visibility := store
	if store.SQL.PluginName != sqlitePlugin {
		sql := *store.SQL
		sql.DatabaseName = visibilityDatabase
		visibility.SQL = &sql
	}
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName + "-visibility",
			NumHistoryShards: historyShards,
			DataStores:       map[string]config.DataStore{storeName: store, storeName + "-visibility": visibility},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        cell,
			CurrentClusterName:       cell,
			ClusterInformation: map[string]cluster.ClusterInformation{
				cell: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: o.frontend()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: o.frontend()},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(dynamicconfig.StaticClient(dynamicConfig)),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the server: %w", err)
	}
	return server, nil
}

// newWeb is Temporal Web for the server.
func newWeb(o options) *ui.Server {
	return ui.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: o.frontend(),
		Host:                loopback,
		Port:                o.uiPort,
		EnableUI:            true,
		DefaultNamespace:    o.namespace,
		DisableNewsFetch:    true,                                // nothing leaves the machine
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on the loopback interface
		HideLogs:            true,
	}))
}

// frontend is the address of gRPC.
func (o options) frontend() string { return address(o.listen, o.port) }

func address(ip string, port int) string { return net.JoinHostPort(ip, strconv.Itoa(port)) }

func freePort() (int, error) {
	listener, err := net.Listen("tcp", address(loopback, 0))
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
