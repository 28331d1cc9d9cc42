// Validates cases with npm ajv. stdin: {"schemas": {name: schema}, "cases": [{"schema", "document"}]}.
// stdout: for each case the JSON Pointers of its faults.
const Ajv = require("ajv/dist/2020");

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
// Strict in everything but our own annotations.
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
for (const name of new Set(JSON.stringify(given.schemas).match(/"x-[a-z]+"/g))) ajv.addKeyword(JSON.parse(name));
const validators = {};
for (const [name, schema] of Object.entries(given.schemas)) validators[name] = ajv.compile(schema);
const faults = given.cases.map(({ schema, document }) => {
  const validate = validators[schema];
  return validate(document) ? [] : validate.errors.map((fault) => fault.instancePath);
});
process.stdout.write(JSON.stringify(faults));
