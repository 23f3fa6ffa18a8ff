// Starts Swagger UI on /api/docs/. Everything it needs is in data attributes, so the page has no inline script.
const docs = document.getElementById("api-docs");

SwaggerUIBundle({
  domNode: docs,
  url: docs.dataset.schema,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor(request) {
    // Whoever is signed in may try things out; a token, if one is given, comes first.
    if (new URL(request.url, location.href).origin === location.origin && request.method !== "GET") {
      request.headers["X-CSRFToken"] = docs.dataset.csrf;
    }
    return request;
  },
});
