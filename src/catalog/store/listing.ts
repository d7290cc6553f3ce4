/**
 * Namespaces and the names of tables. Data files outnumber tables by far, so names are listed from small markers of
 * their own, not from the tables' folders. A marker does not make a table: its metadata does.
 */
import { IcestreamError } from '../../errors.ts';
import { JsonCursor } from '../../spec/json-cursor.ts';
import { parseStringMap } from '../../spec/snapshot-parse.ts';
import type { Store } from '../../storage/store.ts';
import { utf8 } from '../../util/encoding.ts';
import { parseJson, stringifyJson } from '../../util/json.ts';
import type { Namespace, NamespaceChanges, NamespaceUpdate, TableIdentifier } from '../catalog.ts';
import { changedProperties } from '../changed-properties.ts';
import { formatIdentifier, formatNamespace } from '../identifier.ts';
import type { Layout, Marker } from './layout.ts';
import { readIfThere } from './version-file.ts';

/** A change of properties competes with others; it tries again this often. */
const UPDATE_ATTEMPTS = 10;

export class Listing {
  readonly #store: Store;
  readonly #layout: Layout;

  constructor(store: Store, layout: Layout) {
    this.#store = store;
    this.#layout = layout;
  }

  /** Direct children of `parent`, or the top ones. */
  async namespaces(parent: Namespace, signal?: AbortSignal): Promise<Namespace[]> {
    const depth = parent.length + 1;
    const found = new Map<string, Namespace>();
    for await (const marker of this.#markers(parent, signal)) {
      if (marker.kind !== 'namespace' || marker.namespace.length < depth) continue;
      const child = marker.namespace.slice(0, depth);
      found.set(formatNamespace(child), child);
    }
    return [...found.values()];
  }

  /** Tables directly in `namespace`, as their markers say. */
  async tables(namespace: Namespace, signal?: AbortSignal): Promise<TableIdentifier[]> {
    const found: TableIdentifier[] = [];
    for await (const marker of this.#markers(namespace, signal)) {
      if (marker.kind === 'table' && marker.identifier.namespace.length === namespace.length) {
        found.push(marker.identifier);
      }
    }
    return found;
  }

  async hasNamespace(namespace: Namespace, signal?: AbortSignal): Promise<boolean> {
    const options = signal === undefined ? {} : { signal };
    return (await this.#store.stat(this.#layout.namespaceMarker(namespace), options)) !== null;
  }

  /** @throws IcestreamError ALREADY_EXISTS; NOT_FOUND when the parent does not exist. */
  async addNamespace(
    namespace: Namespace,
    properties: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const shown = formatNamespace(namespace);
    const name = namespace.at(-1) ?? '';
    const parent = namespace.slice(0, -1);
    if (parent.length > 0) {
      await this.requireNamespace(parent, signal);
      await this.#refuseSharedFolder(this.#layout.tableMarker({ namespace: parent, name }), `the namespace ${shown}`);
    }
    try {
      await this.#store.put(this.#layout.namespaceMarker(namespace), utf8(stringifyJson({ properties })), {
        condition: { ifNoneMatch: '*' },
        contentType: 'application/json',
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (!(cause instanceof IcestreamError) || cause.code !== 'PRECONDITION_FAILED') throw cause;
      throw new IcestreamError('ALREADY_EXISTS', `the namespace ${shown} exists already`, { cause });
    }
  }

  /** @throws IcestreamError NOT_FOUND. */
  async requireNamespace(namespace: Namespace, signal?: AbortSignal): Promise<void> {
    if (!(await this.hasNamespace(namespace, signal))) throw this.#noNamespace(namespace);
  }

  /** @throws IcestreamError NOT_FOUND, INVALID_METADATA. */
  async namespaceProperties(namespace: Namespace, signal?: AbortSignal): Promise<Record<string, string>> {
    const file = this.#layout.namespaceMarker(namespace);
    const bytes = await readIfThere(this.#store, file, signal);
    if (bytes === null) throw this.#noNamespace(namespace);
    const marker = new JsonCursor(parseJson(new TextDecoder().decode(bytes), { file }), file);
    const properties = marker.optional('properties');
    return properties === null ? {} : parseStringMap(properties);
  }

  /** Along with markers of tables that are gone, or never came to be. */
  async removeNamespace(namespace: Namespace, signal?: AbortSignal): Promise<void> {
    const names = await this.tables(namespace, signal);
    const markers = names.map((name) => this.#layout.tableMarker(name));
    await this.#remove([...markers, this.#layout.namespaceMarker(namespace)], signal);
  }

  /** Names a table in listings; safe to repeat. */
  async addTable(identifier: TableIdentifier, signal?: AbortSignal): Promise<void> {
    const asNamespace = [...identifier.namespace, identifier.name];
    await this.#refuseSharedFolder(
      this.#layout.namespaceMarker(asNamespace),
      `the table ${formatIdentifier(identifier)}`,
    );
    await this.#store.put(this.#layout.tableMarker(identifier), utf8('{}'), {
      contentType: 'application/json',
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async removeTable(identifier: TableIdentifier, signal?: AbortSignal): Promise<void> {
    await this.#remove([this.#layout.tableMarker(identifier)], signal);
  }

  #noNamespace(namespace: Namespace): IcestreamError {
    const shown = formatNamespace(namespace);
    return new IcestreamError(
      'NOT_FOUND',
      `there is no namespace ${shown} in ${this.#layout.warehouse}; check the name, or create the namespace`,
    );
  }

  /** @throws IcestreamError NOT_FOUND; UNSUPPORTED for a store that cannot replace what it knows; UNAVAILABLE. */
  async updateNamespace(
    namespace: Namespace,
    changes: NamespaceChanges,
    signal?: AbortSignal,
  ): Promise<NamespaceUpdate> {
    const file = this.#layout.namespaceMarker(namespace);
    const options = signal === undefined ? {} : { signal };
    for (let attempt = 1; ; attempt++) {
      // The tag is older than what is read, so a change between the two fails the put.
      const known = await this.#store.stat(file, options);
      if (known === null) throw this.#noNamespace(namespace);
      if (known.etag === null || !this.#store.capabilities.conditionalReplace) {
        throw new IcestreamError('UNSUPPORTED', 'this store cannot change the properties of a namespace safely');
      }
      const { properties, ...done } = changedProperties(await this.namespaceProperties(namespace, signal), changes);
      try {
        await this.#store.put(file, utf8(stringifyJson({ properties })), {
          condition: { ifMatch: known.etag },
          contentType: 'application/json',
          ...options,
        });
        return done;
      } catch (cause) {
        const moved = cause instanceof IcestreamError && ['PRECONDITION_FAILED', 'NOT_FOUND'].includes(cause.code);
        if (!moved || attempt >= UPDATE_ATTEMPTS) throw cause;
      }
    }
  }

  /** A table and a namespace of one name would share a folder, and a purge of one would take the other. */
  async #refuseSharedFolder(marker: string, what: string): Promise<void> {
    if ((await this.#store.stat(marker)) === null) return;
    throw new IcestreamError(
      'ALREADY_EXISTS',
      `${what} cannot be created: a table or namespace of that name uses the same folder; choose another name`,
    );
  }

  async #remove(markers: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const { failed } = await this.#store.delete(markers, signal === undefined ? {} : { signal });
    if (failed.length > 0) {
      throw new IcestreamError('UNAVAILABLE', `the store did not remove ${failed[0]}; try again`, { retryable: true });
    }
  }

  async *#markers(namespace: Namespace, signal: AbortSignal | undefined): AsyncIterable<Marker> {
    if (!this.#store.capabilities.list) {
      throw new IcestreamError('UNSUPPORTED', 'this store cannot list, so its catalog cannot list names either');
    }
    const folder = this.#layout.listingFolder(namespace);
    for await (const { location } of this.#store.list(folder, signal === undefined ? {} : { signal })) {
      const marker = this.#layout.readMarker(location);
      if (marker !== null) yield marker;
    }
  }
}
