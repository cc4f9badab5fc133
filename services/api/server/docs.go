package server

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// docsPath is the page that shows the contract. It works offline: the UI's
// build brings Swagger UI along.
const docsPath = "/api/docs"

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Toygres API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript. The contract itself is at <a href="/api/openapi.json">/api/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/init.js"></script>
</body>
</html>
`

// docsScript is a file of its own because the site allows no inline scripts.
const docsScript = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`

func (s *Server) docs(c echo.Context) error {
	if !s.site.has("docs/swagger-ui-bundle.js") {
		return c.HTML(http.StatusServiceUnavailable, notBuilt)
	}
	return c.HTML(http.StatusOK, docsPage)
}

func (s *Server) docsInit(c echo.Context) error {
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", []byte(docsScript))
}

func (s *Server) document(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-cache")
	s.documentPage.serve(c)
	return nil
}
