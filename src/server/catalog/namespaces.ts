/** Namespaces (REST OpenAPI: listNamespaces, createNamespace, loadNamespaceMetadata, namespaceExists, dropNamespace). */
import type { Catalog, Namespace } from '../../catalog/catalog.ts';
import { formatNamespace } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import { parseStringMap } from '../../spec/snapshot-parse.ts';
import { type Answer, json, NO_CONTENT } from './answer.ts';
import { parseBody } from './body.ts';
import { namespaceOf, parseNamespaceJson } from './names.ts';
import { type PageRequest, pageOf } from './paging.ts';
import { CatalogProblem, notOffered, type Subject } from './problem.ts';
import type { ChangeOperation, Operation, Sent } from './requests.ts';

/** `parent`: empty or absent for the top ones. */
export function listNamespaces(parentText: string | undefined, page: PageRequest): Operation {
  const parent = parentText === undefined || parentText === '' ? [] : namespaceOf(parentText);
  return {
    subject: { ...subjectOf(parent), repeatable: true },
    async run(catalog) {
      const found = await catalog.listNamespaces(parent);
      const { items, next } = pageOf(found, (namespace) => namespace.at(-1) ?? '', page);
      return json({ namespaces: items, 'next-page-token': next });
    },
  };
}

export function createNamespace(text: string): ChangeOperation {
  const { namespace, properties } = parseBody(text, (body) => {
    const given = body.optional('properties');
    return {
      namespace: parseNamespaceJson(body.get('namespace')),
      properties: given === null ? {} : parseStringMap(given),
    };
  });
  return {
    // What is missing can only be the namespace above it.
    subject: subjectOf(namespace.slice(0, -1)),
    async run(catalog, { idempotencyKey }) {
      await catalog.createNamespace(namespace, properties, { idempotencyKey });
      return json({ namespace, properties });
    },
  };
}

/** `exists`: only whether it does (HEAD). */
export function loadNamespace(text: string, exists: boolean): Operation {
  const namespace = namespaceOf(text);
  return {
    subject: { ...subjectOf(namespace), repeatable: true },
    async run(catalog) {
      const properties = await catalog.loadNamespace(namespace);
      return exists ? NO_CONTENT : json({ namespace, properties });
    },
  };
}

export function updateNamespace(nameText: string, text: string): ChangeOperation {
  const namespace = namespaceOf(nameText);
  const { updates, removals } = parseBody(text, (body) => {
    const [set, remove] = [body.optional('updates'), body.optional('removals')];
    return {
      updates: set === null ? {} : parseStringMap(set),
      removals: remove === null ? [] : [...new Set(remove.array().map((key) => key.string()))],
    };
  });
  const both = removals.find((key) => Object.hasOwn(updates, key));
  if (both !== undefined) {
    const message = `the property ${JSON.stringify(both)} is among the updates and the removals`;
    throw new CatalogProblem(422, 'UnprocessableEntityException', message);
  }
  return {
    subject: subjectOf(namespace),
    async run(catalog, { idempotencyKey }) {
      if (!catalog.capabilities.namespaceProperties) throw notOffered('change the properties of namespaces');
      return json(await catalog.updateNamespace(namespace, { updates, removals }, { idempotencyKey }));
    },
  };
}

export function dropNamespace(text: string): ChangeOperation {
  const namespace = namespaceOf(text);
  return { subject: subjectOf(namespace), run: (catalog, sent) => drop(catalog, namespace, sent) };
}

async function drop(catalog: Catalog, namespace: Namespace, { resent, idempotencyKey }: Sent): Promise<Answer> {
  try {
    // Looked at first: what is refused after that is refused for what the namespace holds.
    await catalog.loadNamespace(namespace);
    await catalog.dropNamespace(namespace, { idempotencyKey }).catch(refuseFull);
  } catch (error) {
    if (!(resent && error instanceof IcestreamError && error.code === 'NOT_FOUND')) throw error;
  }
  return NO_CONTENT;
}

function refuseFull(error: unknown): never {
  if (!(error instanceof IcestreamError) || error.code !== 'INVALID_ARGUMENT') throw error;
  throw new CatalogProblem(409, 'NamespaceNotEmptyException', error.message);
}

function subjectOf(namespace: Namespace): Subject {
  return { missing: 'namespace', shown: formatNamespace(namespace) };
}
