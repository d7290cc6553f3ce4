/** An object that is stored in parts; the requests for that are imported with its first whole part. */
import type { Bytes } from '../../util/bytes.ts';
import { onDemand } from '../../util/on-demand.ts';
import type { PartedObject } from '../parts/parted-object.ts';
import type { PutOptions, UploadResult } from '../store.ts';
import type { S3Client } from './client.ts';
import { deleteObjects } from './delete.ts';
import type { S3Location } from './location.ts';
import type { MultipartRequests } from './multipart-requests.ts';
import { put } from './put.ts';

export class Multipart implements PartedObject {
  readonly object: S3Location;
  readonly #client: S3Client;
  #imported: Promise<MultipartRequests> | null = null;

  constructor(client: S3Client, object: S3Location) {
    this.#client = client;
    this.object = object;
  }

  get location(): string {
    return this.object.location;
  }

  put(
    bytes: Bytes,
    options: Pick<PutOptions, 'contentType' | 'signal'>,
    onAmbiguous: () => void,
  ): Promise<UploadResult> {
    return put(this.#client, this.object, bytes, options, onAmbiguous);
  }

  async create(contentType: string, signal: AbortSignal, onAmbiguous: () => void): Promise<string> {
    return (await this.#requests()).create(contentType, signal, onAmbiguous);
  }

  async part(uploadId: string, number: number, bytes: Bytes, signal: AbortSignal): Promise<string> {
    return (await this.#requests()).part(uploadId, number, bytes, signal);
  }

  async complete(
    uploadId: string,
    etags: readonly string[],
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<UploadResult> {
    return (await this.#requests()).complete(uploadId, etags, sizeBytes, signal);
  }

  async abort(uploadId: string): Promise<boolean> {
    return (await this.#requests()).abort(uploadId);
  }

  async openUploads(): Promise<readonly string[] | null> {
    return (await this.#requests()).openUploads();
  }

  remove(): Promise<readonly string[]> {
    return deleteObjects(this.#client, [this.object]);
  }

  #requests(): Promise<MultipartRequests> {
    this.#imported ??= onDemand(import('./seldom.ts')).then(
      ({ MultipartRequests }) => new MultipartRequests(this.#client, this.object),
    );
    return this.#imported;
  }
}
