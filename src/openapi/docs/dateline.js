// Starts Swagger UI. Every setting is here: nothing is taken from the address of the page.

// Swagger UI fills in every example, and the first Execute would ask for a story about "nato,kosovo" in an old version.
// An example of what may be left out is told instead.
function tellExamples(document) {
  const operations = Object.values(document.paths || {}).flatMap((item) => Object.values(item));
  for (const parameter of operations.flatMap((operation) => operation.parameters || [])) {
    const { required, example, description = "" } = parameter;
    if (!required && example !== undefined) {
      if (!description.includes(example)) parameter.description = `${description}\n\nExample: \`${example}\``;
      delete parameter.example;
    }
  }
  return document;
}

const toldExamples = () => ({
  statePlugins: { spec: { wrapActions: { updateJsonSpec: (update) => (document) => update(tellExamples(document)) } } },
});

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [toldExamples],
  layout: "BaseLayout",
  queryConfigEnabled: false,
  validatorUrl: null,
  persistAuthorization: false,
  withCredentials: false,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
