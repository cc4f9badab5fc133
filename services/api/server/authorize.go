package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/api/auth"
)

// needs is the one table of who may do what: the least role for each
// operation of the contract. Only signing in needs nobody to be signed in.
var needs = map[string]toygres.Role{
	"signOut":        toygres.RoleViewer,
	"getMe":          toygres.RoleViewer,
	"changePassword": toygres.RoleViewer, // one's own
	"listTokens":     toygres.RoleViewer,
	"createToken":    toygres.RoleViewer, // one's own, with at most one's own role
	"revokeToken":    toygres.RoleViewer, // one's own

	"listUsers":       toygres.RoleAdmin,
	"createUser":      toygres.RoleAdmin,
	"getUser":         toygres.RoleAdmin,
	"updateUser":      toygres.RoleAdmin,
	"deleteUser":      toygres.RoleAdmin,
	"unlockUser":      toygres.RoleAdmin,
	"unlockAddress":   toygres.RoleAdmin,
	"listUserTokens":  toygres.RoleAdmin,
	"revokeUserToken": toygres.RoleAdmin,

	"listAudit": toygres.RoleAdmin,

	"getOverview":        toygres.RoleViewer,
	"getOffer":           toygres.RoleViewer,
	"listInstances":      toygres.RoleViewer,
	"getInstance":        toygres.RoleViewer,
	"getConnection":      toygres.RoleViewer,
	"listInstanceEvents": toygres.RoleViewer,
	"getHealth":          toygres.RoleViewer,
	"getMonitor":         toygres.RoleViewer,
	"listRuntimeImages":  toygres.RoleViewer,
	"getRuntimeImage":    toygres.RoleViewer,
	"listOperations":     toygres.RoleViewer,
	"getOperation":       toygres.RoleViewer,
	"listBatches":        toygres.RoleViewer,
	"getBatch":           toygres.RoleViewer,
	"listDrift":          toygres.RoleViewer,
	"listRetentionRuns":  toygres.RoleViewer,
	"getDriftCheck":      toygres.RoleViewer,
	"streamEvents":       toygres.RoleViewer,

	"createInstance":   toygres.RoleOperator,
	"createInstances":  toygres.RoleOperator,
	"forkInstance":     toygres.RoleOperator,
	"deleteInstance":   toygres.RoleOperator,
	"deleteInstances":  toygres.RoleOperator,
	"undeleteInstance": toygres.RoleOperator,
	"stopInstance":     toygres.RoleOperator,
	"updateInstance":   toygres.RoleOperator,
	"startInstance":    toygres.RoleOperator,
	"restartInstance":  toygres.RoleOperator,
	"restartWatching":  toygres.RoleOperator,
	"revealConnection": toygres.RoleOperator,
	"rotatePassword":   toygres.RoleOperator,
	"upgradeInstance":  toygres.RoleOperator,
	"queryInstance":    toygres.RoleOperator, // as the superuser a read, too, sees every secret
	"listParameters":   toygres.RoleOperator, // as the superuser, who sees those that hold secrets, too
	"getLogs":          toygres.RoleOperator, // literals of statements may be secrets
	"cancelOperation":  toygres.RoleOperator,
	"retryOperation":   toygres.RoleOperator,
	"retryStep":        toygres.RoleOperator,
	"getSystem":        toygres.RoleOperator, // addresses and paths of the installation
	"checkDrift":       toygres.RoleOperator,
	"repairDrift":      toygres.RoleAdmin, // it is about what is left when everybody else has gone

	// They show SQL with its literals, and results.
	"listDurableFunctions":          toygres.RoleOperator,
	"getDurableFunctionMetrics":     toygres.RoleOperator,
	"getDurableFunction":            toygres.RoleOperator,
	"listDurableFunctionNodes":      toygres.RoleOperator,
	"listDurableFunctionExecutions": toygres.RoleOperator,
	"explainDurableFunction":        toygres.RoleOperator,
	"previewDurableFunction":        toygres.RoleOperator,
	"startDurableFunction":          toygres.RoleOperator,
	"cancelDurableFunction":         toygres.RoleOperator,
	"signalDurableFunction":         toygres.RoleOperator,

	// It is everybody's.
	"pauseMonitor":   toygres.RoleAdmin,
	"resumeMonitor":  toygres.RoleAdmin,
	"restartMonitor": toygres.RoleAdmin,

	// What code may run beside everybody's data is not each operator's to say.
	"registerRuntimeImage": toygres.RoleAdmin,
	"deleteRuntimeImage":   toygres.RoleAdmin,
	"cancelBatch":          toygres.RoleOperator,
	"retryBatch":           toygres.RoleOperator,
}

// guards are what a request passes on the way to its operation.
func (s *Server) guards(op *operation) []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{authenticate(s, op), audit(s, op), authorize(op), op.validate, auditFirst(s, op)}
}

// authenticate lets a request through that is not forged and that somebody is
// behind.
func authenticate(s *Server, op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			request := c.Request()
			credential, shown := auth.CredentialOf(request)
			// A page of another site can make a browser send our cookie, but
			// it can't make it send a token, nor hide where it comes from.
			if credential.Cookie || op.public {
				if err := s.crossOrigin.Check(request); err != nil {
					return &toygres.Error{Code: toygres.CodeForbidden, Err: err,
						Message: "this request comes from a page of another site"}
				}
			}
			current := callOf(request.Context())
			current.credential = credential
			if op.public {
				return next(c)
			}
			if !shown {
				return auth.Unauthenticated()
			}
			principal, err := s.authenticator.Principal(request.Context(), catalog.HashToken(credential.Secret))
			if err != nil {
				return err
			}
			current.principal = principal
			return next(c)
		}
	}
}

// authorize lets a request through if whoever is behind it may do that.
func authorize(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if op.public {
				return next(c)
			}
			if err := allow(callOf(c.Request().Context()).principal, op.id); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// allow returns CodeForbidden unless the principal may do an operation.
func allow(p catalog.Principal, operation string) error {
	if role, known := needs[operation]; !known || !p.User.Role.Covers(role) {
		return toygres.Errorf(toygres.CodeForbidden, "this needs the role %s; yours is %s", role, p.User.Role)
	}
	return nil
}

// newCrossOrigin trusts pages of this server, also where a proxy in front of
// it changes the Host header.
func newCrossOrigin(publicURL string) (*http.CrossOriginProtection, error) {
	protection := http.NewCrossOriginProtection()
	if publicURL != "" {
		if err := protection.AddTrustedOrigin(publicURL); err != nil {
			return nil, err
		}
	}
	return protection, nil
}
