package api

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// errNoRoute is what Nova's router says of a path or method that it does not
// know; never that the method is not allowed.
var errNoRoute = &httpError{status: http.StatusNotFound, text: "The resource could not be found.", page: true}

const webobHTML = `<html>
 <head>
  <title>%[1]s</title>
 </head>
 <body>
  <h1>%[1]s</h1>
  %[2]s<br /><br />



 </body>
</html>`

// webobPage says e in the form of Python's webob, which speaks in Nova where no
// controller has been reached: HTML, or JSON for who accepts just that.
func webobPage(c *call, e *httpError) reply {
	title := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	if strings.Contains(c.Header.Get("Accept"), "application/json") {
		return reply{status: e.status, body: object{
			{"message", e.text + "<br /><br />\n\n\n"}, {"code", title}, {"title", http.StatusText(e.status)},
		}}
	}
	page := fmt.Sprintf(webobHTML, title, html.EscapeString(e.text))
	return reply{status: e.status, raw: []byte(page), contentType: "text/html; charset=UTF-8"}
}
