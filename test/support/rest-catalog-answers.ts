/** Holds every answer of a catalog app against the protocol's OpenAPI file. */
import { Validator } from '@cfworker/json-schema';
import { REST_CATALOG_SCHEMAS } from '../fixtures/rest-catalog-schemas.ts';

type SchemaName = keyof typeof REST_CATALOG_SCHEMAS;

/** By method and path below the base: the statuses of a success, and the schema of a body. */
const ANSWERS: readonly (readonly [RegExp, number, SchemaName | null])[] = [
  [/^GET config$/, 200, 'CatalogConfig'],
  [/^GET namespaces$/, 200, 'ListNamespacesResponse'],
  [/^POST namespaces$/, 200, 'CreateNamespaceResponse'],
  [/^GET namespaces\/[^/]+$/, 200, 'GetNamespaceResponse'],
  [/^(HEAD|DELETE) namespaces\/[^/]+$/, 204, null],
  [/^POST namespaces\/[^/]+\/properties$/, 200, 'UpdateNamespacePropertiesResponse'],
  [/^GET namespaces\/[^/]+\/tables$/, 200, 'ListTablesResponse'],
  [/^POST namespaces\/[^/]+\/(tables|register)$/, 200, 'LoadTableResult'],
  [/^GET namespaces\/[^/]+\/tables\/[^/]+$/, 200, 'LoadTableResult'],
  [/^POST namespaces\/[^/]+\/tables\/[^/]+$/, 200, 'CommitTableResponse'],
  [/^(HEAD|DELETE) namespaces\/[^/]+\/tables\/[^/]+$/, 204, null],
  [/^GET namespaces\/[^/]+\/tables\/[^/]+\/credentials$/, 200, 'LoadCredentialsResponse'],
  [/^POST tables\/rename$/, 204, null],
  [/^POST transactions\/commit$/, 204, null],
];

const validators = new Map<SchemaName, Validator>();

function validatorOf(name: SchemaName): Validator {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const validator = new Validator({ $ref: `#/$defs/${name}`, $defs: REST_CATALOG_SCHEMAS } as object, '2020-12');
  validators.set(name, validator);
  return validator;
}

/** The same `fetch`; throws where an answer is not what the protocol says. */
export function checkedFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { method, url } = request;
    const response = await fetch(request);
    const path = new URL(url).pathname.replace(/^.*?\/v1\/(main\/)?/, '');
    await checkAnswer(`${method} ${path}`, response.clone());
    return response;
  };
}

async function checkAnswer(route: string, response: Response): Promise<void> {
  const text = await response.text();
  const fault = (what: string) => new Error(`${route} answered ${response.status}: ${what}\n${text.slice(0, 500)}`);
  if (response.status === 304) {
    if (text !== '' || response.headers.get('etag') === null) throw fault('a body, or no ETag');
    return;
  }
  if (response.status >= 400) {
    if (route.startsWith('HEAD ')) return;
    checkSchema('IcebergErrorResponse', text, fault);
    if (JSON.parse(text).error.code !== response.status) throw fault('the code in the body is another');
    return;
  }
  const answer = ANSWERS.find(([pattern]) => pattern.test(route));
  if (answer === undefined) throw fault('the protocol has no such route');
  const [, status, schema] = answer;
  if (response.status !== status) throw fault(`the protocol has ${status}`);
  if (schema === null && text !== '') throw fault('the protocol has no body');
  if (schema !== null) checkSchema(schema, text, fault);
}

function checkSchema(name: SchemaName, text: string, fault: (what: string) => Error): void {
  const { valid, errors } = validatorOf(name).validate(JSON.parse(text));
  if (!valid) throw fault(errors.map((error) => `${error.instanceLocation} ${error.error}`).join('; '));
}
