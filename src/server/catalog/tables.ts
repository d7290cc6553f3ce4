/** Tables (REST OpenAPI: listTables, createTable, loadTable, updateTable, dropTable, tableExists, …). */
import type { CreateTableRequest, LoadedTable, TableIdentifier } from '../../catalog/catalog.ts';
import { formatIdentifier, formatNamespace } from '../../catalog/identifier.ts';
import { IcestreamError } from '../../errors.ts';
import type { JsonCursor } from '../../spec/json-cursor.ts';
import { parseSortOrder } from '../../spec/partition-spec-parse.ts';
import { parseSchema } from '../../spec/schema-parse.ts';
import { parseStringMap } from '../../spec/snapshot-parse.ts';
import { parseNewPartitionSpec } from '../../spec/update-parse.ts';
import { json, NO_CONTENT } from './answer.ts';
import { parseBody } from './body.ts';
import { commit, committed, committedNow, parseCommit, parseTableChange } from './commit.ts';
import { checkName, namespaceOf, parseIdentifierJson } from './names.ts';
import type { VendedAccess } from './options.ts';
import { type PageRequest, pageOf } from './paging.ts';
import { badRequest, notOffered, problemOf, type Subject } from './problem.ts';
import type { ChangeOperation, Operation } from './requests.ts';
import { tableAnswer } from './table-answer.ts';

/** Undefined: the client asked for no credentials, or the catalog has none to give. */
export type Vend = ((table: LoadedTable) => Promise<VendedAccess>) | undefined;

export function listTables(namespaceText: string, page: PageRequest): Operation {
  const namespace = namespaceOf(namespaceText);
  return {
    subject: { missing: 'namespace', shown: formatNamespace(namespace), repeatable: true },
    async run(catalog) {
      const { items, next } = pageOf(await catalog.listTables(namespace), ({ name }) => name, page);
      return json({ identifiers: items, 'next-page-token': next });
    },
  };
}

export function createTable(namespaceText: string, text: string, vend: Vend): ChangeOperation {
  const namespace = namespaceOf(namespaceText);
  const { name, request, staged } = parseBody(text, readCreate);
  const identifier = { namespace, name };
  const subject: Subject = { missing: 'namespace', shown: formatNamespace(namespace), sendsMetadata: true };
  const options = vend === undefined ? {} : { vend };
  // Nothing is created, so it can be staged as often as it is asked for.
  if (staged) {
    return { subject, run: async (catalog) => tableAnswer(await catalog.stageTable(identifier, request), options) };
  }
  return {
    subject,
    run: async (catalog, { idempotencyKey }) =>
      tableAnswer(await catalog.createTable(identifier, request, { idempotencyKey }), options),
    answerAgain: async (catalog) => tableAnswer(await catalog.loadTable(identifier), options),
  };
}

function readCreate(body: JsonCursor) {
  const spec = body.optional('partition-spec');
  const order = body.optional('write-order');
  const location = body.optional('location')?.string();
  const properties = body.optional('properties');
  const request: CreateTableRequest = {
    schema: parseSchema(body.get('schema')),
    ...(spec === null ? {} : { partitionSpec: parseNewPartitionSpec(spec) }),
    ...(order === null ? {} : { sortOrder: parseSortOrder(order) }),
    ...(location === undefined ? {} : { location }),
    ...(properties === null ? {} : { properties: parseStringMap(properties) }),
  };
  return {
    name: checkName(body.get('name').string()),
    staged: body.optional('stage-create')?.boolean() ?? false,
    request,
  };
}

export interface LoadTableOptions {
  readonly snapshots: string | undefined;
  readonly ifNoneMatch: string | null;
  readonly vend: Vend;
}

export function loadTable(identifier: TableIdentifier, options: LoadTableOptions): Operation {
  const { snapshots = 'all', ifNoneMatch, vend } = options;
  if (snapshots !== 'all' && snapshots !== 'refs') throw badRequest('snapshots is all or refs');
  return {
    subject: tableSubject(identifier, true),
    async run(catalog) {
      const table = await catalog.loadTable(identifier, { allSnapshots: snapshots === 'all' });
      return tableAnswer(table, { snapshots, ifNoneMatch, ...(vend === undefined ? {} : { vend }) });
    },
  };
}

export function tableExists(identifier: TableIdentifier): Operation {
  return {
    subject: tableSubject(identifier, true),
    async run(catalog) {
      await catalog.loadTable(identifier);
      return NO_CONTENT;
    },
  };
}

export function loadCredentials(identifier: TableIdentifier, vend: Vend): Operation {
  return {
    subject: tableSubject(identifier, true),
    async run(catalog) {
      if (vend === undefined) throw notOffered('give credentials');
      const { storageCredentials } = await vend(await catalog.loadTable(identifier));
      return json({ 'storage-credentials': storageCredentials });
    },
  };
}

export function commitTable(identifier: TableIdentifier, text: string): ChangeOperation {
  const request = parseBody(text, (body) => parseCommit(identifier, body));
  return {
    subject: { ...tableSubject(identifier), sendsMetadata: true },
    run: (catalog, sent) => commit(catalog, request, sent),
    answerAgain: (catalog) => committedNow(catalog, identifier),
  };
}

/** Answered only when all of it was committed, by a catalog that can do that. */
export function commitTransaction(text: string): ChangeOperation {
  const commits = parseBody(text, (body) => body.get('table-changes').array().map(parseTableChange));
  const shown = commits.map(({ identifier }) => formatIdentifier(identifier)).join(', ');
  return {
    subject: { missing: 'table', shown, sendsMetadata: true },
    async run(catalog, sent) {
      if (!catalog.capabilities.transactions) throw notOffered('commit to several tables at once');
      if (commits.length === 0) throw badRequest('table-changes is empty');
      await committed(catalog, commits, () => catalog.commitTransaction(commits, sent), sent);
      return NO_CONTENT;
    },
  };
}

/** @param purgeText `true`, `false` or absent. */
export function dropTable(identifier: TableIdentifier, purgeText: string | undefined): ChangeOperation {
  const purge = purgeText?.toLowerCase() ?? 'false';
  if (purge !== 'true' && purge !== 'false') throw badRequest('purgeRequested is true or false');
  return {
    subject: tableSubject(identifier),
    async run(catalog, { resent, idempotencyKey }) {
      try {
        await catalog.dropTable(identifier, { purge: purge === 'true', idempotencyKey });
      } catch (error) {
        // The first time it was asked for, it was there.
        if (!(resent && error instanceof IcestreamError && error.code === 'NOT_FOUND')) throw error;
      }
      return NO_CONTENT;
    },
  };
}

export function renameTable(text: string): ChangeOperation {
  const { source, destination } = parseBody(text, (body) => ({
    source: parseIdentifierJson(body.get('source')),
    destination: parseIdentifierJson(body.get('destination')),
  }));
  return {
    subject: tableSubject(source),
    async run(catalog, { idempotencyKey }) {
      if (!catalog.capabilities.rename) throw notOffered('rename tables');
      const { namespace } = destination;
      // Looked at first: what is missing after that is the table.
      await catalog.loadNamespace(namespace).catch((error: unknown) => {
        throw problemOf(error, { missing: 'namespace', shown: formatNamespace(namespace) });
      });
      await catalog.renameTable(source, destination, { idempotencyKey });
      return NO_CONTENT;
    },
  };
}

export function registerTable(namespaceText: string, text: string, vend: Vend): ChangeOperation {
  const namespace = namespaceOf(namespaceText);
  const options = vend === undefined ? {} : { vend };
  const { name, location } = parseBody(text, (body) => {
    if (body.optional('overwrite')?.boolean()) body.fail('this catalog does not overwrite tables');
    return { name: checkName(body.get('name').string()), location: body.get('metadata-location').string() };
  });
  const identifier = { namespace, name };
  return {
    subject: { missing: 'namespace', shown: formatNamespace(namespace), sendsMetadata: true },
    async run(catalog, { idempotencyKey }) {
      if (!catalog.capabilities.register) throw notOffered('register tables');
      return tableAnswer(await catalog.registerTable(identifier, location, { idempotencyKey }), options);
    },
    answerAgain: async (catalog) => tableAnswer(await catalog.loadTable(identifier), options),
  };
}

function tableSubject(identifier: TableIdentifier, repeatable = false): Subject {
  return { missing: 'table', shown: formatIdentifier(identifier), repeatable };
}
